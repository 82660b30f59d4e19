import * as Type from 'typebox';

/** Answers of calls 14 and 15, outside the envelope. Source: contract, "Calls". */

export const CertAnswer = Type.Object(
  { cert: Type.String({ maxLength: 2047 }) },
  { examples: [{ cert: 'eyJhbGciOiJFZERTQSJ9…' }] },
);

export const RecordsAnswer = Type.Object(
  {
    totalSize: Type.Integer(),
    pageSize: Type.Integer(),
    pageNumber: Type.Integer(),
    hasMore: Type.Boolean(),
    elements: Type.Array(
      Type.Object({
        custom: Type.String({ description: 'LicenseKey' }),
        records: Type.Array(
          Type.Object({
            createdTime: Type.Integer({ description: 'ms' }),
            validityPeriod: Type.Integer({ description: '月 · months' }),
            activatedTime: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'ms' }),
            activated: Type.Boolean(),
          }),
        ),
      }),
    ),
  },
  {
    examples: [
      {
        totalSize: 1,
        pageSize: 10,
        pageNumber: 1,
        hasMore: false,
        elements: [
          {
            custom: 'SN-0001',
            records: [
              {
                createdTime: 1_663_743_436_000,
                validityPeriod: 12,
                activatedTime: 1_663_743_436_000,
                activated: true,
              },
            ],
          },
        ],
      },
    ],
  },
);
