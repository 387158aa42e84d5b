import { isAsExpected, referenceValues } from '../../../simulation/reference-values';

it.each(referenceValues().map((value) => [value.what, value] as const))(
  'agrees with a value that is known from elsewhere: %s',
  (_what, value) => {
    expect({ ...value, isAsExpected: isAsExpected(value) }).toMatchObject({ isAsExpected: true });
  },
);
