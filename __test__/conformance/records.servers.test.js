'use strict'

const { testBackend } = require('../support/records/conformance.js')

testBackend('dynamodb')
testBackend('dynamodbLocal')
