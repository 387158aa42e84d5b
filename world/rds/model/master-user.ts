import { invalid } from '../protocol/read-parameters';

const RESERVED = /^(pg_|rds_)|^(rdsadmin|rds|admin|public|none|user|current_user|session_user|all|default)$/i;

/** Source: Amazon RDS API Reference, CreateDBInstance, "MasterUsername" for PostgreSQL. */
export function checkMasterUsername(username: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/i.test(username) || RESERVED.test(username)) {
    throw invalid(
      'MasterUsername must be 1 to 63 letters, digits or underscores, begin with a letter, and be no reserved word for the engine.',
    );
  }
  return username;
}

/** Source: Amazon RDS API Reference, CreateDBInstance, "MasterUserPassword" for PostgreSQL. */
export function checkMasterPassword(password: string): string {
  if (password.length < 8 || password.length > 128) {
    throw invalid('The parameter MasterUserPassword is not a valid password because it must have 8 to 128 characters.');
  }
  if (!/^[\x21-\x7e]+$/.test(password) || /[/@"]/.test(password)) {
    throw invalid(
      "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
    );
  }
  return password;
}

/** Source: Amazon RDS API Reference, CreateDBInstance, "DBName" for PostgreSQL. */
export function checkDatabaseName(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(name) || /^(template[01]|rdsadmin)$/i.test(name)) {
    throw invalid(
      'DBName must be 1 to 63 letters, digits or underscores, begin with a letter or underscore, and be no reserved word.',
    );
  }
  return name;
}
