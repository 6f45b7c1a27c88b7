'use strict'

const { testChain, testStore } = require('../support/conformance.js')

testStore('dynamodb')
testStore('dynamodbThatExpires')
testStore('dynamodbLocal')
testStore('dynamodbInLayers')

testChain('dynamodb', 'memory')
testChain('dynamodb', 'redis')
testChain('dynamodb', 'sqlite')
testChain('dynamodb', 'redis', 'memory')
testChain('dynamodb', 'sqlite', 'redis')
testChain('dynamodb', 'sqlite', 'memory')
testChain('sqlite', 'dynamodb')
