import { scramVerifier } from '../../../hydra/sync/scram-verifier';
import { changeInstance, instanceNamed } from '../model/change-state';
import { givenForModify, logsForModify, settingsForModify, type SettingsChange } from '../model/instance-settings';
import { requireTransition } from '../model/instance-status';
import { instanceXml } from '../model/instance-xml';
import { checkMasterPassword } from '../model/master-user';
import { type PendingChanges } from '../model/records';
import { optionalBoolean } from '../protocol/read-parameters';
import { defineAction } from './action';
import { readInstanceId } from './read-instance-id';

export const modifyDbInstance = defineAction({
  parse: (parameters) => {
    const password = parameters.text('MasterUserPassword');
    const id = readInstanceId(parameters);
    return {
      id,
      given: givenForModify(parameters),
      logs: logsForModify(parameters),
      applyImmediately: optionalBoolean(parameters, 'ApplyImmediately') ?? false,
      password: password === undefined ? undefined : checkMasterPassword(password),
    };
  },
  run: async (input, { store, operations, region }) => {
    const verifier = input.password === undefined ? undefined : scramVerifier(input.password);
    const state = await store.change((current) => {
      const record = instanceNamed(current, input.id);
      requireTransition(record.id, record.status, 'modificationStarted');
      const logs = input.logs?.(record.settings.EnableCloudwatchLogsExports);
      const given = { ...input.given, ...(logs === undefined ? {} : { EnableCloudwatchLogsExports: logs }) };
      const change = settingsForModify(record.settings, given);
      const pending = mergePending(record.pending, change, input.applyImmediately, verifier);
      return changeInstance(current, input.id, { settings: { ...record.settings, ...change.atOnce }, pending });
    });
    const record = instanceNamed(state, input.id);
    operations.applyPending(record);
    return { DBInstance: instanceXml(record, region) };
  },
});

/** ApplyImmediately also releases what earlier calls left waiting. */
export function mergePending(
  present: PendingChanges | undefined,
  change: SettingsChange,
  applyImmediately: boolean,
  masterPassword: string | undefined,
): PendingChanges | undefined {
  const waiting = { ...present?.waiting, ...change.window };
  const due = { ...present?.due, ...change.soon, ...(applyImmediately ? waiting : {}) };
  const password = masterPassword ?? present?.masterPassword;
  const merged: PendingChanges = {
    ...(password === undefined ? {} : { masterPassword: password }),
    ...(Object.keys(due).length === 0 ? {} : { due }),
    ...(applyImmediately || Object.keys(waiting).length === 0 ? {} : { waiting }),
  };
  return Object.keys(merged).length === 0 ? undefined : merged;
}
