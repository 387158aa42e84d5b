/** A secret in a place where none belongs. Without its value: this is printed. */
export interface Leak {
  /** Name of the secret. */
  readonly secret: string;
  readonly form: SecretForm;
  /** Where it was found. */
  readonly where: string;
  /** Characters before it, cut off where the secret begins. */
  readonly before: string;
}

export const SECRET_FORMS = ['plain', 'url-encoded', 'json', 'base64', 'base64url', 'generated password'] as const;
export type SecretForm = (typeof SECRET_FORMS)[number];

interface Needle {
  readonly text: string;
  readonly secret: string;
  readonly form: SecretForm;
}

/** Needles are found by their first characters, so that thousands of them cost one pass. */
const PREFIX = 12;
/** What a shorter secret is may stand in a text by chance. */
const LENGTH_MIN = 8;
/** How the roles of one run get theirs (24 random bytes in hex); nobody else knows those. */
const GENERATED = /(?<![0-9a-fA-F])[0-9a-f]{48}(?![0-9a-fA-F])/;

/** Finds any of many secrets in texts: as they are, and in the forms in which they travel. */
export class LeakSearch {
  readonly leaks: Leak[] = [];
  readonly #secrets = new Set<string>();
  readonly #byPrefix = new Map<string, Needle[]>();
  readonly #short: Needle[] = [];
  #searchedBytes = 0;

  get secrets(): number {
    return this.#secrets.size;
  }

  get searchedBytes(): number {
    return this.#searchedBytes;
  }

  /** @param secret its name */
  know(secret: string, value: string): void {
    if (value.length < LENGTH_MIN || this.#secrets.has(value)) return;
    this.#secrets.add(value);
    const seen = new Set<string>();
    for (const [form, text] of formsOf(value)) {
      if (seen.has(text) || text.length < LENGTH_MIN) continue;
      seen.add(text);
      const needle = { text, secret, form };
      if (text.length < PREFIX) this.#short.push(needle);
      else {
        const key = text.slice(0, PREFIX);
        const same = this.#byPrefix.get(key);
        if (same) same.push(needle);
        else this.#byPrefix.set(key, [needle]);
      }
    }
  }

  search(where: string, text: string): void {
    this.#searchedBytes += text.length;
    for (const needle of this.#short) {
      const at = text.indexOf(needle.text);
      if (at >= 0) this.#found(needle, where, text, at);
    }
    for (let at = 0; at + PREFIX <= text.length; at += 1) {
      const candidates = this.#byPrefix.get(text.slice(at, at + PREFIX));
      for (const needle of candidates ?? []) if (text.startsWith(needle.text, at)) this.#found(needle, where, text, at);
    }
    const generated = GENERATED.exec(text);
    if (generated) {
      this.#found({ text: '', secret: 'a role of one run', form: 'generated password' }, where, text, generated.index);
    }
  }

  #found({ secret, form }: Needle, where: string, text: string, at: number): void {
    if (this.leaks.some((leak) => leak.secret === secret && leak.where === where && leak.form === form)) return;
    this.leaks.push({ secret, form, where, before: text.slice(Math.max(0, at - 60), at) });
  }
}

function formsOf(value: string): readonly (readonly [SecretForm, string])[] {
  return [
    ['plain', value],
    ['url-encoded', encodeURIComponent(value)],
    ['url-encoded', new URLSearchParams({ v: value }).toString().slice(2)],
    ['json', JSON.stringify(value).slice(1, -1)],
    ...shifted(value, 'base64').map((text) => ['base64', text] as const),
    ...shifted(value, 'base64url').map((text) => ['base64url', text] as const),
  ];
}

/** Inside a longer text the secret begins at any of three places of a group of base64; the edges depend on its neighbours. */
function shifted(value: string, encoding: 'base64' | 'base64url'): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
    return whole.toString(encoding).slice(offset === 0 ? 0 : 4);
  });
}
