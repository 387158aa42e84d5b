export { type DatabasesLook, judgeTraces, type Judgement, type ResourceLook, type SideLook } from './judge-traces';
export { readTraces, type SideTraces } from './read-traces';
