import { BECOMING_US } from './becoming-us';
import { BESIDE_A_LOOK } from './beside-a-look';
import { DECIDING } from './deciding';
import { PLANTED } from './planted-on-green';
import { STOPPING_WRITES } from './stopping-writes';

/** Every attack there is. */
export const ATTACKS = [...BECOMING_US, ...STOPPING_WRITES, ...DECIDING, ...PLANTED, ...BESIDE_A_LOOK];
