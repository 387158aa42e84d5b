import { type InPlaceModelStep, type InPlaceTrace, type InPlaceUndo, IN_PLACE_WAY_BACK } from './in-place-world';
import { NO_GATE, type Row as AnyRow, type Rows } from './row';

type Row = AnyRow<InPlaceUndo, InPlaceTrace>;
type More = Partial<Row>;

const WAY_BACK = IN_PLACE_WAY_BACK.map(([undo]) => undo);
/** The new version with everything, as it is while the old one can serve again at any time. */
const NEW_SERVES: More = { writes: 'new', left: ['newHydra', 'traffic', 'unencrypted', 'views'] };
const OLD_IS_STOPPED: More = { writes: 'new', left: ['newHydra', 'oldStopped', 'traffic', 'unencrypted', 'views'] };
const NEW_STAYS: More = { left: ['newHydra', 'unencrypted', 'views'] };
/** Once a statement has run the old version needs them. */
const VIEWS: More = { left: ['views'] };

const completed = (attempts = 1, more: More = {}): Row => ({
  ...{ end: 'completed', writes: 'new', undone: [], attempts, asked: [], left: [] },
  ...more,
});
const back = (end: Row['end'], first: InPlaceUndo | null, attempts: number, ...more: readonly More[]): Row => ({
  ...{ end, writes: 'old', undone: first === null ? [] : WAY_BACK.slice(WAY_BACK.indexOf(first)), attempts },
  ...{ asked: [], left: [] },
  ...more.reduce<More>((all, one) => ({ ...all, ...one }), {}),
});
const undone = (first: InPlaceUndo | null, attempts = 1, ...more: More[]) => back('undone', first, attempts, ...more);
const cancelled = (first: InPlaceUndo | null, ...more: More[]) => back('cancelled', first, 1, ...more);
const incomplete = (attempts: number, ...more: More[]) => back('incomplete', 'startOld', attempts, ...more);
const asked = (...answers: Row['asked']): More => ({ asked: answers });
const RETRY = asked('retry');
const GIVE_UP = asked('give_up');
const SKIP = asked('skip');
const REJECTED = undone('shiftBack', 1, VIEWS);

/** A step in whose failure nobody is asked, and after which `first` is the first undo. */
const undoneFrom = (first: InPlaceUndo, ...more: More[]): Rows<Row> => ({
  failsForGood: undone(first, 1, ...more),
  failsTwice: completed(3),
  timesOut: undone(first, 2, ...more),
  cancelled: cancelled(first, ...more),
  rejected: REJECTED,
  killed: completed(2),
});
/** A step in whose failure a person is asked, who gives up where it fails for good. */
const askedOrUndoneFrom = (first: InPlaceUndo, rejected: Rows<Row>['rejected'] = REJECTED): Rows<Row> => ({
  failsForGood: undone(first, 1, GIVE_UP, VIEWS),
  failsTwice: completed(3),
  timesOut: completed(3, RETRY),
  cancelled: cancelled(first, VIEWS),
  rejected,
  killed: completed(2),
});
/** A step after the old version was stopped for good, which is left out where it fails, and leaves this. */
const leftOut = (left: More): Rows<Row> => ({
  failsForGood: completed(1, { ...SKIP, ...left }),
  failsTwice: completed(3),
  timesOut: completed(3, RETRY),
  cancelled: completed(),
  rejected: NO_GATE,
  killed: completed(2),
});
const takingBack = (failsForGood: Row): Rows<Row> => ({
  failsForGood,
  failsTwice: undone('startOld', 3, GIVE_UP, VIEWS),
  timesOut: incomplete(2, asked('give_up', 'skip'), VIEWS),
  cancelled: undone('startOld', 1, GIVE_UP, VIEWS),
  rejected: NO_GATE,
  killed: undone('startOld', 2, GIVE_UP, VIEWS),
});

/**
 * Every step of an upgrade in place against everything that can go wrong with it. Undos are looked at on the way back from an old version
 * that does not stop, which a person gives up.
 */
export const IN_PLACE_ROWS: Readonly<Record<InPlaceModelStep, Rows<Row>>> = {
  planInPlace: {
    failsForGood: back('refused', null, 1),
    failsTwice: completed(3),
    timesOut: back('refused', null, 2),
    cancelled: cancelled(null),
    rejected: undone(null),
    killed: completed(2),
  },
  layLayer: undoneFrom('takeLayerBack'),
  migrateOnline: { ...askedOrUndoneFrom('takeLayerBack'), failsForGood: undone('takeLayerBack', 1, GIVE_UP) },
  bookMigrations: askedOrUndoneFrom('takeLayerBack'),
  startBeside: askedOrUndoneFrom('stopBeside'),
  shiftTraffic: undoneFrom('shiftBack', VIEWS),
  judgeShare: undoneFrom('shiftBack', VIEWS),
  stopOld: askedOrUndoneFrom('startOld', NO_GATE),
  removeLayer: leftOut(VIEWS),
  encryptAtRest: leftOut({ left: ['unencrypted'] }),
  // Whoever leaves it out is asked about those that would take the new version away from the clients, too.
  startOld: takingBack(incomplete(1, asked('give_up', 'skip', 'skip', 'skip'), OLD_IS_STOPPED)),
  shiftBack: takingBack(incomplete(1, asked('give_up', 'skip', 'skip'), NEW_SERVES)),
  stopBeside: takingBack(incomplete(1, asked('give_up', 'skip'), NEW_STAYS)),
  takeLayerBack: takingBack(incomplete(1, asked('give_up', 'skip'), VIEWS)),
};

/** Nothing is touched any more from this undo on. */
const givenUp = (at: InPlaceUndo, left: More): Row =>
  back('incomplete', null, 1, asked('give_up', 'give_up'), left, {
    undone: WAY_BACK.slice(0, WAY_BACK.indexOf(at) + 1),
  });
const MENDED = undone('startOld', 2, asked('give_up', 'retry'), VIEWS);

/** An undo that fails for good, by what a person says to it. */
export const IN_PLACE_UNDO_ROWS: Readonly<Record<InPlaceUndo, Readonly<Record<'retry' | 'give_up', Row>>>> = {
  startOld: { retry: MENDED, give_up: givenUp('startOld', OLD_IS_STOPPED) },
  shiftBack: { retry: MENDED, give_up: givenUp('shiftBack', NEW_SERVES) },
  stopBeside: { retry: MENDED, give_up: givenUp('stopBeside', NEW_STAYS) },
  takeLayerBack: { retry: MENDED, give_up: givenUp('takeLayerBack', VIEWS) },
};
