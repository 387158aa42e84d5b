import { SEARCH_ATTRIBUTE_NAMES, SEARCH_ATTRIBUTE_TYPE } from '../../../domain/search-attributes';
import { type Config } from '../../../config/schema';
import { fail, ok, warn, type DoctorCheck } from '../check';
import { GRPC_STATUS, grpcStatus, withTemporal } from '../temporal-session';

/** As `IndexedValueType` of Temporal's API counts them. */
const KEYWORD = 2;

/** The namespace knows the search attributes that a cutover sets; a workflow that sets an unknown one cannot start. */
export function temporalSearchAttributesCheck(temporal: Config['temporal'], env: NodeJS.ProcessEnv): DoctorCheck {
  return {
    id: 'temporal-search-attributes',
    title: 'Temporal search attributes',
    run: (signal) =>
      withTemporal(temporal, env, signal, async (connection, namespace) => {
        try {
          const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
          return judge(customAttributes, namespace);
        } catch (error) {
          const status = grpcStatus(error);
          if (status === GRPC_STATUS.notFound) return fail(`there is no namespace ${namespace}`, 'create it first');
          if (status !== GRPC_STATUS.unimplemented && status !== GRPC_STATUS.permissionDenied) throw error;
          return warn(
            'the server does not let this identity list them',
            `make sure that ${SEARCH_ATTRIBUTE_NAMES.join(', ')} exist as ${SEARCH_ATTRIBUTE_TYPE}`,
          );
        }
      }),
  };
}

function judge(registered: Readonly<Record<string, unknown>>, namespace: string): ReturnType<typeof ok> {
  const missing = SEARCH_ATTRIBUTE_NAMES.filter((name) => registered[name] === undefined);
  const wrong = SEARCH_ATTRIBUTE_NAMES.filter((name) => registered[name] !== undefined && registered[name] !== KEYWORD);
  if (wrong.length > 0) {
    return fail(
      `${wrong.join(', ')} exist with another type than ${SEARCH_ATTRIBUTE_TYPE}`,
      'use another namespace, or remove them',
    );
  }
  if (missing.length > 0) {
    const names = missing.map((name) => `--name ${name} --type ${SEARCH_ATTRIBUTE_TYPE}`).join(' ');
    return fail(
      `${missing.join(', ')} are not registered`,
      `temporal operator search-attribute create --namespace ${namespace} ${names}`,
    );
  }
  return ok(`all ${SEARCH_ATTRIBUTE_NAMES.length} are registered`);
}
