import { z } from 'zod';
import { hdfsFields, s3Fields } from './fields.js';

/** Where `octavo data push` keeps what a run's data steps made. */
export const blobsSection = z
  .union([
    z.string().min(1),
    z.strictObject({
      to: z.string().min(1).describe('hdfs://namenode:9870/folder, s3://bucket/folder, or a folder of this machine.'),
      hdfs: hdfsFields.optional().describe('Of hdfs://: how the cluster is spoken to.'),
      s3: s3Fields.optional().describe('Of s3://: how the service is spoken to.'),
    }),
  ])
  .optional()
  .describe('Where octavo data push and pull keep the data of runs; a string is short for { to: … }.');
