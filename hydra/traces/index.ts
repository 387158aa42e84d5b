export { type DatabasesLook, type Judgement, type ResourceLook, type SideLook } from './databases-look';
export { judgeTraces } from './judge-traces';
export { leftoversOf, readTraces, type SideTraces } from './read-traces';
