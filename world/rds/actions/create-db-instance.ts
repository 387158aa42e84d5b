import { randomBytes } from 'node:crypto';
import { scramVerifier } from '../../../hydra/sync/scram-verifier';
import { addInstance } from '../model/change-state';
import { checkInstalled, majorOf } from '../model/engine-version';
import { settingsForCreate } from '../model/instance-settings';
import { instanceXml } from '../model/instance-xml';
import { checkDatabaseName, checkMasterPassword, checkMasterUsername } from '../model/master-user';
import { type InstanceRecord } from '../model/records';
import { newResourceId } from '../model/resource-id';
import { invalid, newIdentifier, requiredText } from '../protocol/read-parameters';
import { readTags } from '../protocol/tags';
import { defineAction } from './action';

export const createDbInstance = defineAction({
  parse: (parameters) => {
    const id = newIdentifier(parameters, 'DBInstanceIdentifier', 63);
    requiredText(parameters, 'DBInstanceClass');
    if (requiredText(parameters, 'Engine') !== 'postgres')
      throw invalid('Invalid DB engine; this endpoint has: postgres.');
    const engineVersion = parameters.text('EngineVersion');
    const major = majorOf(engineVersion);
    const databaseName = parameters.text('DBName');
    return {
      id,
      major,
      engineVersion,
      masterUsername: checkMasterUsername(requiredText(parameters, 'MasterUsername')),
      password: checkMasterPassword(requiredText(parameters, 'MasterUserPassword')),
      databaseName: databaseName === undefined ? undefined : checkDatabaseName(databaseName),
      settings: settingsForCreate(parameters, major),
      tags: readTags(parameters),
    };
  },
  run: async (input, { store, operations, region, installation }) => {
    const { major, databaseName } = input;
    const installed = await installation(major);
    checkInstalled(input.engineVersion, installed);
    const record: InstanceRecord = {
      id: input.id,
      resourceId: newResourceId('db'),
      createdAt: new Date().toISOString(),
      status: 'creating',
      identity: {
        major,
        engineVersion: installed.version,
        masterUsername: input.masterUsername,
        superuserPassword: randomBytes(24).toString('base64url'),
        ...(databaseName === undefined ? {} : { databaseName }),
      },
      settings: input.settings,
      tags: input.tags,
    };
    await store.change((state) => addInstance(state, record));
    operations.create(record, scramVerifier(input.password));
    return { DBInstance: instanceXml(record, region) };
  },
});
