import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  RebootDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { CutoverFault } from '../../domain/faults';
import { differs, SETTING_NAMES } from '../../domain/instance-plan';
import {
  CUTOVER_TAG,
  type DatabaseInstance,
  type DatabaseProvider,
  type DatabaseSnapshot,
  type DeleteInstanceRequest,
  type DeleteSnapshotRequest,
  type InstanceRequest,
  type PasswordRequest,
  type RestoreRequest,
  SNAPSHOT_TAG,
  type SettingsRequest,
  type SnapshotRequest,
  type TagRequest,
  type WaitOptions,
} from '../../domain/ports/database-provider';
import { pollUntil } from './poll-until';
import { asRdsFault, rdsErrorName } from './rds-error-table';
import { assertOurs, deadEnd, isDeadEnd, isSettled, missing } from './rds-states';
import { toInstance, toSnapshot, toTags } from './rds-resources';
import { modifiableParameters, restorableParameters } from './rds-settings';

/** Refusals of a request that an earlier one of the same content may have caused. */
const MADE_BEFORE = new Set([
  'DBInstanceAlreadyExistsFault',
  'DBSnapshotAlreadyExistsFault',
  'InvalidDBInstanceStateFault',
]);

/**
 * After so many looks at an instance that is at rest, a change that it does not show is not waited for any longer. RDS says
 * `available` for a while before it begins with what it accepted.
 */
const QUIET_LOOKS = 5;

/**
 * {@link DatabaseProvider} over Amazon RDS.
 *
 * The client takes region, credentials and endpoint from where the SDK takes them (environment, profile, instance role).
 * Needs rds:DescribeDBInstances, DescribeDBSnapshots, CreateDBSnapshot, RestoreDBInstanceFromDBSnapshot, ModifyDBInstance,
 * RebootDBInstance, DeleteDBInstance, DeleteDBSnapshot, AddTagsToResource.
 */
export class RdsDatabaseProvider implements DatabaseProvider {
  readonly #client: RDSClient;

  /** @param client stays the caller's to destroy */
  constructor(client: RDSClient) {
    this.#client = client;
  }

  async describeInstance(instanceId: string): Promise<DatabaseInstance | undefined> {
    return this.#ask(`describing instance ${instanceId}`, async () => {
      const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId });
      const answer = await orAbsent(this.#client.send(command), 'DBInstanceNotFoundFault');
      const [instance] = answer?.DBInstances ?? [];
      return instance && toInstance(instance);
    });
  }

  async describeSnapshot(snapshotId: string): Promise<DatabaseSnapshot | undefined> {
    return this.#ask(`describing snapshot ${snapshotId}`, async () => {
      const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshotId });
      const answer = await orAbsent(this.#client.send(command), 'DBSnapshotNotFoundFault');
      const [snapshot] = answer?.DBSnapshots ?? [];
      return snapshot && toSnapshot(snapshot);
    });
  }

  async createOrAdoptSnapshot(request: SnapshotRequest): Promise<DatabaseSnapshot> {
    const { cutoverId, instanceId, snapshotId } = request;
    const present = await this.describeSnapshot(snapshotId);
    if (present !== undefined) {
      const adopted = this.#adoptSnapshot(present, request);
      if (adopted.status !== 'failed') return adopted;
      await this.#ask(`removing failed snapshot ${snapshotId}`, () =>
        this.#client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId })),
      );
    }
    const command = new CreateDBSnapshotCommand({
      DBInstanceIdentifier: instanceId,
      DBSnapshotIdentifier: snapshotId,
      Tags: toTags({ ...request.tags, [CUTOVER_TAG]: cutoverId }),
    });
    return this.#ask(`creating snapshot ${snapshotId} of instance ${instanceId}`, async () => {
      try {
        const answer = await this.#client.send(command);
        return toSnapshot(answer.DBSnapshot ?? {});
      } catch (error) {
        // The SDK repeats a request whose answer was lost. The first one may have taken effect, and then the repeat is
        // refused for the name or for the state that the first one brought about.
        const made = MADE_BEFORE.has(rdsErrorName(error)) ? await this.describeSnapshot(snapshotId) : undefined;
        if (made !== undefined) return this.#adoptSnapshot(made, request);
        await this.#refuseDeadEnd(error, instanceId);
        throw error;
      }
    });
  }

  async restoreOrAdopt(request: RestoreRequest): Promise<DatabaseInstance> {
    const { cutoverId, instanceId, snapshotId } = request;
    const present = await this.describeInstance(instanceId);
    if (present !== undefined) return this.#adoptInstance(present, request);
    const command = new RestoreDBInstanceFromDBSnapshotCommand({
      ...restorableParameters(request.settings ?? {}),
      DBInstanceIdentifier: instanceId,
      DBSnapshotIdentifier: snapshotId,
      Tags: toTags({ ...request.tags, [CUTOVER_TAG]: cutoverId, [SNAPSHOT_TAG]: snapshotId }),
    });
    return this.#ask(`restoring snapshot ${snapshotId} to instance ${instanceId}`, async () => {
      try {
        const answer = await this.#client.send(command);
        return toInstance(answer.DBInstance ?? {});
      } catch (error) {
        const made = MADE_BEFORE.has(rdsErrorName(error)) ? await this.describeInstance(instanceId) : undefined;
        if (made === undefined) throw error;
        return this.#adoptInstance(made, request);
      }
    });
  }

  async waitUntilInstanceAvailable(instanceId: string, wait: WaitOptions): Promise<DatabaseInstance> {
    return pollUntil(`instance ${instanceId} to be available`, wait, async () => {
      const instance = await this.#mustExist(instanceId);
      wait.onProgress?.({ status: instance.status });
      if (isSettled(instance.status)) return instance;
      if (isDeadEnd(instance.status)) throw deadEnd('instance', instanceId, instance.status);
      return undefined;
    });
  }

  async waitUntilSnapshotAvailable(snapshotId: string, wait: WaitOptions): Promise<DatabaseSnapshot> {
    return pollUntil(`snapshot ${snapshotId} to be available`, wait, async () => {
      const snapshot = await this.describeSnapshot(snapshotId);
      if (snapshot === undefined) throw missing('snapshot', snapshotId);
      wait.onProgress?.({ status: snapshot.status, percent: snapshot.percent });
      if (snapshot.status === 'available') return snapshot;
      if (isDeadEnd(snapshot.status)) throw deadEnd('snapshot', snapshotId, snapshot.status);
      return undefined;
    });
  }

  async applySettings(request: SettingsRequest, wait: WaitOptions): Promise<DatabaseInstance> {
    const { settings } = request;
    const names = SETTING_NAMES.filter((name) => settings[name] !== undefined);
    let quiet = 0;
    return this.#modify(request, wait, {
      parameters: (now) => modifiableParameters(settings, now.settings.logExports),
      isInForce: (now) => {
        quiet += 1;
        return quiet >= QUIET_LOOKS || !names.some((name) => differs(settings, now.settings, name));
      },
    });
  }

  async rebootInstance({ instanceId, cutoverId }: InstanceRequest, wait: WaitOptions): Promise<DatabaseInstance> {
    let accepted = false;
    return pollUntil(`instance ${instanceId} to be restarted`, wait, async () => {
      const instance = await this.#mustBeOurs(instanceId, cutoverId, wait);
      if (!isSettled(instance.status)) return undefined;
      if (accepted && instance.parameterStatus !== 'pending-reboot') return instance;
      if (accepted) return undefined;
      const command = new RebootDBInstanceCommand({ DBInstanceIdentifier: instanceId });
      await this.#ask(`restarting instance ${instanceId}`, () => this.#client.send(command));
      accepted = true;
      return undefined;
    });
  }

  async tagInstance({ instanceId, cutoverId, tags }: TagRequest): Promise<void> {
    const instance = await this.#mustExist(instanceId);
    assertOurs('instance', instanceId, instance.tags, cutoverId);
    const command = new AddTagsToResourceCommand({
      ResourceName: instance.arn,
      // Its own tag too: what may be tagged can then be limited to what is ours.
      Tags: toTags({ ...tags, [CUTOVER_TAG]: cutoverId }),
    });
    await this.#ask(`tagging instance ${instanceId}`, () => this.#client.send(command));
  }

  async modifyMasterPassword(request: PasswordRequest, wait: WaitOptions): Promise<void> {
    const parameters = () => ({ MasterUserPassword: request.password });
    await this.#modify(request, wait, { parameters, isInForce: () => true });
  }

  async deleteInstance(request: DeleteInstanceRequest, wait: WaitOptions): Promise<void> {
    const { instanceId, cutoverId } = request;
    await pollUntil(`instance ${instanceId} to be deleted`, wait, async () => {
      const instance = await this.describeInstance(instanceId);
      if (instance === undefined) return true;
      wait.onProgress?.({ status: instance.status });
      assertOurs('instance', instanceId, instance.tags, cutoverId);
      if (instance.status === 'deleting') return undefined;
      const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: instanceId, SkipFinalSnapshot: true });
      await this.#ask(`deleting instance ${instanceId}`, () =>
        orAbsent(this.#client.send(command), 'DBInstanceNotFoundFault'),
      );
      return undefined;
    });
  }

  async deleteSnapshot(request: DeleteSnapshotRequest, wait: WaitOptions): Promise<void> {
    const { snapshotId, cutoverId } = request;
    await pollUntil(`snapshot ${snapshotId} to be deleted`, wait, async () => {
      const snapshot = await this.describeSnapshot(snapshotId);
      if (snapshot === undefined) return true;
      wait.onProgress?.({ status: snapshot.status });
      assertOurs('snapshot', snapshotId, snapshot.tags, cutoverId);
      if (snapshot.status === 'deleting') return undefined;
      const command = new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId });
      await this.#ask(`deleting snapshot ${snapshotId}`, () =>
        orAbsent(this.#client.send(command), 'DBSnapshotNotFoundFault'),
      );
      return undefined;
    });
  }

  /** Asks for a change once, as soon as the instance can take it, then waits until nothing is pending. */
  async #modify(
    { instanceId, cutoverId }: InstanceRequest,
    wait: WaitOptions,
    change: {
      readonly parameters: (now: DatabaseInstance) => Partial<ConstructorParameters<typeof ModifyDBInstanceCommand>[0]>;
      readonly isInForce: (now: DatabaseInstance) => boolean;
    },
  ): Promise<DatabaseInstance> {
    let accepted = false;
    return pollUntil(`the changes of instance ${instanceId} to be in force`, wait, async () => {
      const instance = await this.#mustBeOurs(instanceId, cutoverId, wait);
      if (accepted) {
        const isAtRest = isSettled(instance.status) && !instance.hasPendingChanges;
        return isAtRest && change.isInForce(instance) ? instance : undefined;
      }
      const command = new ModifyDBInstanceCommand({
        ...change.parameters(instance),
        DBInstanceIdentifier: instanceId,
        ApplyImmediately: true,
      });
      await this.#ask(`modifying instance ${instanceId}`, () => this.#client.send(command));
      accepted = true;
      return undefined;
    });
  }

  #adoptSnapshot(snapshot: DatabaseSnapshot, request: SnapshotRequest): DatabaseSnapshot {
    const { snapshotId, instanceId, cutoverId } = request;
    assertOurs('snapshot', snapshotId, snapshot.tags, cutoverId);
    if (snapshot.status === 'deleting') {
      const message = `an earlier snapshot ${snapshotId} is being deleted; try again when it is gone`;
      throw new CutoverFault('RDS_BUSY', message, { snapshotId });
    }
    if (snapshot.instanceId === instanceId) return snapshot;
    throw new CutoverFault(
      'CHECK_FAILED',
      `snapshot ${snapshotId} is of instance ${snapshot.instanceId}, not of ${instanceId}; delete it or choose another name`,
      { snapshotId, instanceId },
    );
  }

  async #adoptInstance(instance: DatabaseInstance, request: RestoreRequest): Promise<DatabaseInstance> {
    const { instanceId, cutoverId, snapshotId } = request;
    assertOurs('instance', instanceId, instance.tags, cutoverId);
    if (instance.tags[SNAPSHOT_TAG] !== snapshotId) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `instance ${instanceId} of this cutover was not restored from snapshot ${snapshotId}; delete it or choose another name`,
        { instanceId, snapshotId },
      );
    }
    if (instance.status === 'failed') {
      const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: instanceId, SkipFinalSnapshot: true });
      await this.#ask(`removing failed instance ${instanceId}`, () => this.#client.send(command));
    }
    if (instance.status !== 'failed' && instance.status !== 'deleting') return instance;
    throw new CutoverFault(
      'RDS_BUSY',
      `an earlier restore to instance ${instanceId} failed and is being removed; try again when it is gone`,
      { instanceId },
    );
  }

  /** An instance that cannot be worked on yet is worth another try, one that never will be is not. */
  async #refuseDeadEnd(error: unknown, instanceId: string): Promise<void> {
    if (rdsErrorName(error) !== 'InvalidDBInstanceStateFault') return;
    const status = (await this.describeInstance(instanceId))?.status;
    if (status !== undefined && isDeadEnd(status)) throw deadEnd('instance', instanceId, status);
  }

  /** @throws CutoverFault CHECK_FAILED (not ours) | RDS_FAILED (gone, or will never serve) */
  async #mustBeOurs(instanceId: string, cutoverId: string, wait: WaitOptions): Promise<DatabaseInstance> {
    const instance = await this.#mustExist(instanceId);
    wait.onProgress?.({ status: instance.status });
    assertOurs('instance', instanceId, instance.tags, cutoverId);
    if (isDeadEnd(instance.status)) throw deadEnd('instance', instanceId, instance.status);
    return instance;
  }

  async #mustExist(instanceId: string): Promise<DatabaseInstance> {
    const instance = await this.describeInstance(instanceId);
    if (instance === undefined) throw missing('instance', instanceId);
    return instance;
  }

  async #ask<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw asRdsFault(error, doing);
    }
  }
}

async function orAbsent<T>(answer: Promise<T>, absentName: string): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (rdsErrorName(error) === absentName) return undefined;
    throw error;
  }
}
