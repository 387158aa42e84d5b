import { copyPathOf } from '../../hydra/paths';

/** The way that most tests take. */
export const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });
