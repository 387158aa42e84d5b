import { type Operations } from '../operations/operations';
import { type PostgresInstallation, type PostgresMajor } from '../../toolchain';
import { type QueryParameters } from '../protocol/query-parameters';
import { RdsError } from '../protocol/rds-error';
import { type XmlObject } from '../protocol/xml';
import { type StateStore } from '../state/state-store';

/** What an action may use. Work that takes time is begun through `operations` and goes on after the answer. */
export interface ActionContext {
  readonly store: StateStore;
  readonly operations: Operations;
  readonly region: string;
  readonly installation: (major: PostgresMajor) => Promise<PostgresInstallation>;
  /** Percent of a snapshot (resource id) that is being taken. */
  readonly progressOf: (resourceId: string) => number;
}

/** One request with its parameters read, ready to run. */
export type PreparedAction = (context: ActionContext) => Promise<XmlObject | undefined>;
export type Action = (parameters: QueryParameters) => PreparedAction;

export interface ActionParts<Input> {
  /** Pure; refuses what is wrong with the request by itself. */
  readonly parse: (parameters: QueryParameters) => Input;
  /** Refuses what does not fit the state; everything it promises is on disk when it returns. */
  readonly run: (input: Input, context: ActionContext) => Promise<XmlObject | undefined>;
}

/** Joins the two halves of an action. Parameters nobody read are refused: nothing a caller asks for is ignored. */
export function defineAction<Input>(parts: ActionParts<Input>): Action {
  return (parameters) => {
    const input = parts.parse(parameters);
    const unread = parameters.unread().filter((name) => name !== 'Action' && name !== 'Version');
    if (unread.length > 0) {
      const names = unread.map((name) => name.replaceAll(/[^\w.-]/g, '?').slice(0, 80));
      throw new RdsError(
        'InvalidParameterCombination',
        `This endpoint does not support the parameter ${names.join(', ')} for this action.`,
      );
    }
    return (context) => parts.run(input, context);
  };
}
