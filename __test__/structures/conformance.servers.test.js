'use strict'

const { testBackend } = require('../support/structures/conformance.js')

testBackend('dynamodb')
testBackend('dynamodbStrict')
