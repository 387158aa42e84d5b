import { CONFIG_FIELDS, fieldAt } from '../../../config/catalogue';

describe('the catalogue of fields', () => {
  it('describes every field, and says what each value may be', () => {
    const silent = CONFIG_FIELDS.filter((field) => field.path.length > 0 && field.path.at(-1) !== '*').filter(
      (field) => field.description === '' || field.allowed === '',
    );
    expect(silent.map((field) => field.path.join('.'))).toEqual([]);
  });

  it('gives each value outside of lists a variable of its own', () => {
    const variables = CONFIG_FIELDS.flatMap((field) => field.variable ?? []);
    expect(new Set(variables).size).toBe(variables.length);
    expect(fieldAt(['blue', 'rdsInstanceId'])?.variable).toBe('HYDRA_CUTOVER_BLUE__RDS_INSTANCE_ID');
    expect(fieldAt(['temporal', 'address'])?.variable).toBe('HYDRA_CUTOVER_TEMPORAL__ADDRESS');
    expect(fieldAt(['gateways', 3, 'token'])).toMatchObject({ secret: true });
    expect(fieldAt(['gateways', 3, 'token'])?.variable).toBeUndefined();
  });

  it('ends the names of durations in Ms and those of sizes in Bytes', () => {
    const wrong = CONFIG_FIELDS.filter((field) =>
      /timeout|interval|delay|size|limit/i.test(field.path.at(-1) ?? ''),
    ).filter((field) => !/(Ms|Bytes)$/.test(field.path.at(-1) ?? ''));
    expect(wrong).toEqual([]);
  });

  it('marks everything that is named like a secret as one', () => {
    const open = CONFIG_FIELDS.filter((field) =>
      /(password|token|apiKey|clientKey|secret)$/i.test(field.path.at(-1) ?? ''),
    );
    expect(open.filter((field) => !field.secret)).toEqual([]);
    expect(open.length).toBeGreaterThan(4);
  });
});
