import { readableIdentifier as quote } from '../cleaning/session';
import { type Fact, type FactKind, keyOf, tell } from './fact';
import { type Adaptation, type CatalogFinding, noted } from './finding';
import { type CatalogQuestion } from './judge-catalog';
import { remarksOf } from './judge-remarks';
import { type ForeignFate, type ForeignJudgement } from './judge-foreign';
import { type ForeignObject } from './foreign-objects';

/** Into which the migration merges four tables, and which serves in their place. */
const MERGED_INTO = 'hydra_oauth2_flow';

/** What Hydra's own migrations made and the source does not have, or has otherwise. */
export function judgeHydras(fact: Fact, found: Fact | undefined, question: CatalogQuestion): readonly CatalogFinding[] {
  if (found?.definition === fact.definition) return [];
  const isTable = fact.kind === 'table';
  // Said once, of the table itself.
  if (found === undefined && !isTable && !has(question, fact.table)) return [];
  if (
    found === undefined &&
    ['not null', 'default', 'column storage'].includes(fact.kind) &&
    !hasColumn(question, fact)
  )
    return [];
  const fate = question.path.fateOf(fact);
  const object = tell(fact);
  const seen = found === undefined ? 'is missing' : `is ${short(found.definition)}, and not ${short(fact.definition)}`;
  const refused = { class: 'changed', object, why: seen, refuses: true } as const;
  if (isTable)
    return [found === undefined ? { ...refused, class: 'stops', fix: OWN_MIGRATIONS } : unlike(fact, found, question)];
  if (fact.kind === 'column') {
    // Read and written by name and type, whatever the migration does to them later.
    return [
      { ...refused, class: found === undefined && fate !== undefined ? 'stops' : 'changed', fix: OWN_MIGRATIONS },
    ];
  }
  if (fact.kind === 'not null') {
    if (fate?.how === 'restrict') return [harmless(object, seen)];
    const fix = `ALTER TABLE ${table(fact, question)} ALTER COLUMN ${quote(fact.name)} SET NOT NULL`;
    return [{ ...refused, fix }];
  }
  if (!REMADE.includes(fact.kind)) return [{ ...refused, fix: OWN_MIGRATIONS }];
  const columns = columnsOf(fact.definition);
  // Keys that the migration makes, or that are made again for it, need it as it was; before it is replaced where it is.
  const missed =
    IS_UNIQUE.test(fact.definition) &&
    (question.path.refersTo(fact.table, columns, fate) ||
      (found === undefined && isNeededByKeys(fact.table, columns, question)));
  // Whose rows go with it on the copy, and would stay on the source.
  if (fact.kind === 'constraint' && fact.definition.includes(TO_SESSIONS) && !keeps(found, fact)) {
    return [
      {
        ...refused,
        why: `${seen}: rows of a deleted login session stay on blue`,
        fix: remake(fact, found, question).statements.join('; '),
      },
    ];
  }
  if (found === undefined && fate?.needed === false && !missed) return [harmless(object, seen)];
  if (found !== undefined && fate !== undefined && fate.how !== 'changed' && !missed) return [harmless(object, seen)];
  if (fact.kind === 'default' && fate !== undefined) return [harmless(object, seen)];
  const stops = missed || (found === undefined && fate?.needed === true);
  const adaptation = remake(fact, found, question);
  const fix = adaptation.statements.join('; ');
  const why = stops
    ? `${seen}, and ${fate === undefined ? 'a key that the migration needs refers to it' : `migration ${fate.migration} drops or changes it`}`
    : seen;
  return [{ ...noted(stops ? 'stops' : 'changed', object, why, fix), adaptation }];
}

const IS_UNIQUE = /^CREATE UNIQUE|^PRIMARY KEY|^UNIQUE/;

function columnsOf(definition: string): string {
  return /\(([^()]+)\)$/.exec(definition)?.[1] ?? '';
}

/** What hangs on a client or a consent goes in what is carried, whether the source has the key or not; what hangs on a session does not. */
const TO_SESSIONS = ' REFERENCES hydra_oauth2_authentication_session(';

/** Checked later, or for new rows alone, it removes what it should all the same. */
function keeps(found: Fact | undefined, key: Fact): boolean {
  return found?.definition.startsWith(key.definition) === true && !/not enforced$/i.test(found.definition);
}

/** What the copy can be given again before it is migrated. */
const REMADE: readonly FactKind[] = ['index', 'constraint', 'default'];

const OWN_MIGRATIONS = "make the schema what Hydra's own migrations make of it";

/** What the source has besides. */
export function judgeExtra(fact: Fact, others: ForeignJudgement, question: CatalogQuestion): readonly CatalogFinding[] {
  const clash = clashOf(fact, question);
  if (clash !== undefined) return [clash];
  const isHydras = question.fresh.some(({ kind, table }) => kind === 'table' && table === fact.table);
  if (!isHydras) return ofOthers(fact);
  const object = tell(fact);
  const part = others.partOf(fact);
  const goes = part?.what ?? (isGoneWithTable(fact, question) ? 'lost' : 'stays');
  const always = REFUSED[fact.kind]?.(fact);
  if (part?.what === 'stops' && (always === undefined || GOES_IN_PEACE.includes(fact.kind)))
    return [stoppedBy(object, part)];
  const again = part?.object.make ?? statementFor(fact, question);
  if (always !== undefined && !(goes === 'lost' && GOES_IN_PEACE.includes(fact.kind))) {
    return [
      { class: 'changed', object, why: always, fix: part?.object.drop ?? dropFor(fact, question), refuses: true },
    ];
  }
  if (goes === 'lost') {
    const because = part?.because ?? `${fact.table}, which the migration drops`;
    const lost = noted('lost', object, `goes with ${because}`, afterwards(fact, again));
    return [{ ...lost, ...(again !== undefined && { again: [again] }) }];
  }
  if (fact.kind === 'trigger') return [switchedOff(fact, question)];
  if (fact.kind === 'publication' && part !== undefined && /where |of columns /.test(fact.definition)) {
    const why =
      "has a row filter or a list of columns for the key that blue's table has, and the migration may give it another one";
    return [{ ...adapted(object, part.object, why), class: 'changed' }];
  }
  if (fact.kind === 'row security') {
    const why = 'is switched off on green: it would hide rows from what carries them, until it is switched on again';
    const fix = `on green, after finalize: ALTER TABLE ${table(fact, question)} ENABLE ROW LEVEL SECURITY`;
    return [noted('changed', object, why, fix)];
  }
  const apart = TOLD_APART[fact.kind];
  const why = apart ?? 'green has it as blue does';
  return [noted(apart === undefined ? 'harmless' : 'changed', object, why, 'look that this is meant')];
}

/** What no run may begin with, by kind; undefined where this one may. */
const REFUSED: Readonly<Partial<Record<FactKind, (fact: Fact) => string | undefined>>> = {
  column: () => "is none of Hydra's: what blue writes to it would not be carried",
  'not null': () => "is none of Hydra's: what green writes may be refused by it",
  constraint: ({ definition }) =>
    /^UNIQUE/.test(definition)
      ? undefined
      : "is none of Hydra's: what green writes may be refused by it, and every request with it",
  rule: () => 'changes what Hydra writes; the commit is refused beside it',
  inheritance: () =>
    "rows of another table are read as this one's and written around it; the commit is refused beside it",
  subscription: () => 'somebody else writes to it; the commit is refused beside it',
  publication: ({ definition }) =>
    definition.endsWith('keeps it from being changed')
      ? 'keeps its rows from being changed or deleted: what it publishes lacks a part of the replica identity, or there is none'
      : undefined,
  trigger: ({ definition }) =>
    /, enabled [AR]$/.test(definition) ? 'fires for what is replicated; the commit is refused beside it' : undefined,
};

/** Of these nothing is left to refuse where the migration drops their table. */
const GOES_IN_PEACE: readonly FactKind[] = ['constraint', 'not null'];

/** What stays on the copy and may act there, by kind. */
const TOLD_APART: Readonly<Partial<Record<FactKind, string>>> = {
  policy: 'decides on green, too, which rows are shown',
  default: "is none of Hydra's",
  publication: 'green publishes it, too; replication slots do not follow to green: who reads them must be told',
};

/** The sync writes the copy, and would run it with its own rights. */
function switchedOff(fact: Fact, question: CatalogQuestion): CatalogFinding {
  const object = tell(fact);
  // As the source has it, so does the copy.
  if (fact.definition.endsWith(', enabled D')) {
    return noted('harmless', object, 'is switched off', 'nothing to do');
  }
  const why =
    'is switched off on green: what is carried over would run it. What green writes does not either, until it is switched on again';
  const fix = `on green, after finalize: ALTER TABLE ${table(fact, question)} ENABLE TRIGGER ${quote(fact.name)}`;
  return noted('changed', object, why, fix);
}

function clashOf(fact: Fact, { path, schema, fresh }: CatalogQuestion): CatalogFinding | undefined {
  const isRelation = ['table', 'view', 'sequence', 'type'].includes(fact.kind);
  const relation = isRelation ? fact.table : fact.name;
  const shares =
    isRelation ||
    fact.kind === 'index' ||
    (fact.kind === 'constraint' && /^(PRIMARY|UNIQUE|EXCLUDE)/.test(fact.definition));
  // The rules N01 and N02 are about networks, and say whose they are.
  if (isRelation && fact.table.startsWith('networks')) return undefined;
  const maker = (shares ? path.relationsMade.get(relation) : undefined) ?? path.maker(fact);
  if (maker === undefined) return undefined;
  const why = `has a name that migration ${maker} gives to one of its own`;
  const renamed = quote(`own_${relation}`.slice(0, 63));
  const of = `${quote(schema)}.${quote(fact.table)}`;
  const found = { class: 'stops', object: tell(fact), why } as const;
  if (fact.kind === 'index' && fresh.some(({ kind, table }) => kind === 'table' && table === fact.table)) {
    const rename = `ALTER INDEX ${quote(schema)}.${quote(relation)} RENAME TO ${renamed}`;
    return { ...found, fix: rename, refuses: false, adaptation: { statements: [rename], again: [] } };
  }
  const rename = isRelation
    ? `ALTER ${{ view: 'VIEW', sequence: 'SEQUENCE', type: 'TYPE' }[fact.kind as string] ?? 'TABLE'} ${of} RENAME TO ${renamed}`
    : fact.kind === 'index'
      ? `ALTER INDEX ${quote(schema)}.${quote(relation)} RENAME TO ${renamed}`
      : `ALTER TABLE ${of} RENAME ${fact.kind === 'constraint' ? 'CONSTRAINT' : 'COLUMN'} ${quote(relation)} TO ${renamed}`;
  return { ...found, fix: rename, refuses: true };
}

/** Tables, views and functions of others in Hydra's schema. */
function ofOthers(fact: Fact): readonly CatalogFinding[] {
  if (fact.kind !== 'table' || fact.table === 'schema_migration_pop_legacy') return [];
  if (fact.table.startsWith('hydra_')) {
    const why = "has a name like Hydra's and is none of its own";
    return [{ class: 'changed', object: tell(fact), why, fix: OWN_MIGRATIONS, refuses: true }];
  }
  const why = "a table of others beside Hydra's: it is copied once";
  return [noted('harmless', tell(fact), why, 'what is written to it afterwards stays on blue')];
}

function stoppedBy(object: string, part: ForeignFate & { readonly object: ForeignObject }): CatalogFinding {
  return adapted(object, part.object, `depends on ${part.because}, which the migration drops or changes`);
}

/** The copy does without it, until it is made again for the copy's tables. */
function adapted(object: string, { drop, make, droppable }: ForeignObject, why: string): CatalogFinding {
  if (!droppable) {
    const fix = `${drop}; make it again on green, for green's tables`;
    return { class: 'stops', object, why, fix, refuses: true };
  }
  const adaptation = { statements: [drop], again: make === null ? [] : [make] };
  const fix = `on green, afterwards, for green's tables: ${make ?? object}`;
  return { ...noted('stops', object, why, fix), adaptation };
}

/** A table that is there, and is another kind of table. */
function unlike(fact: Fact, found: Fact, question: CatalogQuestion): CatalogFinding {
  const name = table(fact, question);
  const isUnlogged = found.definition === 'unlogged';
  return {
    class: 'changed',
    object: tell(fact),
    why: isUnlogged
      ? 'is unlogged: a snapshot does not hold its rows, and green would have none'
      : `is ${found.definition}`,
    fix: isUnlogged ? `ALTER TABLE ${name} SET LOGGED` : OWN_MIGRATIONS,
    refuses: true,
  };
}

function remake(fact: Fact, found: Fact | undefined, question: CatalogQuestion): Adaptation {
  const name = table(fact, question);
  const { schema } = question;
  if (fact.kind === 'default') {
    const set = `ALTER TABLE ${name} ALTER COLUMN ${quote(fact.name)}`;
    return {
      statements: [`${set} SET DEFAULT ${inSchema(fact.definition, schema)}`],
      again: found === undefined ? [] : [`${set} SET DEFAULT ${found.definition}`],
    };
  }
  const isIndex = fact.kind === 'index';
  const make = ({ definition }: Fact): string => {
    // What is said of it besides is no SQL.
    const sql = definition.replace(/, (?:invalid|not enforced)$/, '');
    return isIndex
      ? indexIn(sql, schema, fact.table)
      : `ALTER TABLE ${name} ADD CONSTRAINT ${quote(fact.name)} ${referencesIn(sql, schema)}`;
  };
  const drop = isIndex
    ? `DROP INDEX ${quote(schema)}.${quote(fact.name)}`
    : `ALTER TABLE ${name} DROP CONSTRAINT ${quote(fact.name)}`;
  const columns = columnsOf(fact.definition);
  return {
    statements: found === undefined ? [make(fact)] : [drop, make(fact), ...remarksOf(question, fact)],
    again: found === undefined ? [] : [make(found)],
    ...(IS_UNIQUE.test(fact.definition) ? { unique: { table: name, columns } } : {}),
  };
}

function statementFor(fact: Fact, { schema }: CatalogQuestion): string | undefined {
  if (fact.kind === 'grant') return `GRANT ${fact.definition} ON ${quote(schema)}.${MERGED_INTO} TO ${fact.name}`;
  if (fact.kind === 'publication')
    return `ALTER PUBLICATION ${quote(fact.name)} ADD TABLE ${quote(schema)}.${MERGED_INTO}`;
  return undefined;
}

function afterwards(fact: Fact, again: string | undefined): string {
  if (fact.kind === 'publication' && fact.definition === 'of all tables') return "green's tables are in it";
  if (again === undefined) return `if ${MERGED_INTO} shall have it, make it there on green afterwards`;
  const isOfFlow = (fact.kind === 'grant' && !fact.definition.includes(' (')) || fact.kind === 'publication';
  return isOfFlow ? `on green, afterwards: ${again}` : `on green, afterwards, for green's columns: ${again}`;
}

function dropFor(fact: Fact, question: CatalogQuestion): string {
  const name = table(fact, question);
  if (fact.kind === 'column') return `ALTER TABLE ${name} DROP COLUMN ${quote(fact.name)}`;
  if (fact.kind === 'not null') return `ALTER TABLE ${name} ALTER COLUMN ${quote(fact.name)} DROP NOT NULL`;
  if (fact.kind === 'publication') return `ALTER TABLE ${name} REPLICA IDENTITY DEFAULT`;
  return OWN_MIGRATIONS;
}

function harmless(object: string, seen: string): CatalogFinding {
  return noted('harmless', object, `${seen}, and the migration replaces it`, 'nothing to do');
}

/** Whether keys of Hydra's to these columns are missing, too, that are made again. */
function isNeededByKeys(to: string, columns: string, { fresh, found, path }: CatalogQuestion): boolean {
  const there = new Set(found.map(keyOf));
  return fresh.some(
    (key) =>
      key.kind === 'constraint' &&
      key.definition.includes(` REFERENCES ${to}(${columns})`) &&
      !there.has(keyOf(key)) &&
      path.fateOf(key)?.needed !== false,
  );
}

function isGoneWithTable(fact: Fact, { path }: CatalogQuestion): boolean {
  return path.fateOf({ kind: 'table', table: fact.table, name: '' }) !== undefined;
}

function has({ found }: CatalogQuestion, name: string): boolean {
  return found.some(({ kind, table: one }) => one === name && ['table', 'sequence'].includes(kind));
}

function hasColumn({ found }: CatalogQuestion, fact: Fact): boolean {
  return found.some((one) => keyOf(one) === keyOf({ ...fact, kind: 'column' }));
}

function table(fact: Fact, { schema }: CatalogQuestion): string {
  return `${quote(schema)}.${quote(fact.table)}`;
}

function short(definition: string): string {
  return definition.length > 160 ? `${definition.slice(0, 160)}…` : definition || 'an ordinary table';
}

/** Recorded without the schema, which is the operator's. */
function indexIn(definition: string, schema: string, table: string): string {
  return definition.replace(` ON ${table} `, () => ` ON ${quote(schema)}.${table} `);
}

function referencesIn(definition: string, schema: string): string {
  return definition.replace(/ REFERENCES (?=hydra_|networks)/, () => ` REFERENCES ${quote(schema)}.`);
}

function inSchema(definition: string, schema: string): string {
  // Within a literal.
  return definition.replace(/nextval\('/, () => `nextval('${quote(schema).replaceAll("'", "''")}.`);
}
