// The atomic write of the comparison as a script by hand, which checks nothing.

export const script = `
redis.call('INCRBY', KEYS[1], 1)
redis.call('HSET', KEYS[2], 'name', ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[2], ARGV[1])
return 1`
