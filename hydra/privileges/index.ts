export { checkPrivileges } from './check-privileges';
export { type PrivilegeFinding } from './finding';
export { privilegesSql } from './privileges-sql';
export { revokeSql } from './revoke-sql';
export { type ToolRoles } from './tool-role';
