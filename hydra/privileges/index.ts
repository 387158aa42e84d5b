export { checkPrivileges, type PrivilegeFinding } from './check-privileges';
export { privilegesSql } from './privileges-sql';
export { revokeSql } from './revoke-sql';
export { type ToolRoles } from './tool-role';
