import { asRdsFault } from '../../../../adapters/rds/rds-error-table';
import { asSecretsFault } from '../../../../adapters/secrets-manager/secrets-error-table';

it.each([
  ['RDS', (error: Error) => asRdsFault(error, 'describing instance blue'), 'RDS_FAILED', 'describing instance blue'],
  ['Secrets Manager', (error: Error) => asSecretsFault(error, 'prod/hydra'), 'SECRET_UNUSABLE', 'secret prod/hydra'],
])('without a region %s was not asked, and the message says what to set', (_title, explain, code, object) => {
  const fault = explain(new Error('Region is missing'));
  expect(fault).toMatchObject({
    code,
    message: expect.stringMatching(/no AWS region is set; set rds\.region or AWS_REGION$/) as string,
  });
  expect(fault).toMatchObject({ message: expect.stringContaining(object) as string });
});
