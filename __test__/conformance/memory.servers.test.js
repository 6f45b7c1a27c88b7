'use strict'

const { testChain } = require('../support/conformance.js')

testChain('memory', 'redis')
testChain('memory', 'redisBehind')
testChain('memory', 'redisCluster')
testChain('memory', 'redisSentinel')
testChain('memory', 'dynamodb')
testChain('memory', 'dynamodbThatExpires')
testChain('memory', 'redis', 'sqlite')
testChain('memory', 'redis', 'redisBehind')
testChain('memory', 'redis', 'dynamodbThatExpires')
testChain('memory', 'sqlite', 'dynamodb')
testChain('memoryInLayers', 'redisInLayers')
