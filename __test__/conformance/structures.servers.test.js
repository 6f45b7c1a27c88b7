'use strict'

const { testBackend } = require('../support/structures/conformance.js')

testBackend('redis')
testBackend('redisCluster')
testBackend('dynamodb')
testBackend('dynamodbStrict')
