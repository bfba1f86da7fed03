import { z } from 'zod';

/** How a Hadoop cluster is spoken to. */
export const hdfsFields = z.strictObject({
  user: z
    .string()
    .max(200)
    .default('')
    .describe('The user.name of a cluster without Kerberos; empty: HADOOP_USER_NAME, else the user of this machine.'),
  tls: z.boolean().default(false).describe('Speak https to the namenode, and to no datanode without it.'),
  datanodes: z
    .array(z.string().min(1).max(300))
    .max(1000)
    .default([])
    .describe(
      'Where the namenode may send us: host or host:port, * for any characters. Empty: its own host, and ports 9864 and 9865 of others.',
    ),
});

/** How a service that speaks S3 is spoken to; keys are in the environment, never here. */
export const s3Fields = z.strictObject({
  endpoint: z
    .string()
    .max(1000)
    .default('')
    .describe('https://HOST of a service that is not AWS; empty: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS.'),
  region: z.string().max(100).default('').describe('Empty: AWS_REGION or AWS_DEFAULT_REGION, else us-east-1.'),
  pathStyle: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe(
      'Whether the bucket stands in the path rather than the host name; auto: yes with an endpoint of your own.',
    ),
});

export type HdfsFields = z.infer<typeof hdfsFields>;
export type S3Fields = z.infer<typeof s3Fields>;
