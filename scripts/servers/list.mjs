// The servers that the tests run against. A new one: a file here, and a line in this list.
//
// A definition has
// - `name`: for `--only` and for messages
// - `variable`: the environment variable in which the tests find its address. When it is set already, that server is
//   used and none is started.
// - `start(host)`: gets and starts what it takes (several processes, if need be) and resolves with the address.
//   `host` is a `ServerHost`: it installs, starts, watches and stops.

import { dynamodbLocal } from './dynamodb-local.mjs'
import { dynoxide } from './dynoxide.mjs'
import { faketime } from './faketime.mjs'
import { mariadb } from './mariadb.mjs'
import { moto } from './moto.mjs'
import { pgbouncer } from './pgbouncer.mjs'
import { postgres } from './postgres.mjs'
import { redisCluster } from './redis/redis-cluster.mjs'
import { redisSentinel } from './redis/redis-sentinel.mjs'
import { redisTls } from './redis/redis-tls.mjs'
import { redis } from './redis/redis.mjs'
import { s3sFs } from './s3s-fs.mjs'

export const servers = [
  redis,
  redisCluster,
  redisSentinel,
  redisTls,
  dynoxide,
  dynamodbLocal,
  moto,
  s3sFs,
  postgres,
  pgbouncer,
  mariadb,
  faketime,
]
