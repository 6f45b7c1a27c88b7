import RedKV = require('./index.js')

export { RedKV as default, RedKV }
export import RedKVError = RedKV.RedKVError

export import AddStoreArguments = RedKV.AddStoreArguments
export import AwsCredentials = RedKV.AwsCredentials
export import DynamoDBHttpOptions = RedKV.DynamoDBHttpOptions
export import DynamoDBOptions = RedKV.DynamoDBOptions
export import Duration = RedKV.Duration
export import Entries = RedKV.Entries
export import Key = RedKV.Key
export import Keys = RedKV.Keys
export import LegacyAwsCredentials = RedKV.LegacyAwsCredentials
export import LegacyDynamoDBHttpOptions = RedKV.LegacyDynamoDBHttpOptions
export import LegacyDynamoDBOptions = RedKV.LegacyDynamoDBOptions
export import LegacyRedisOptions = RedKV.LegacyRedisOptions
export import LegacySQLiteOptions = RedKV.LegacySQLiteOptions
export import MemoryOptions = RedKV.MemoryOptions
export import OperationOptions = RedKV.OperationOptions
export import Operations = RedKV.Operations
export import RedisOptions = RedKV.RedisOptions
export import RedisTlsOptions = RedKV.RedisTlsOptions
export import RedKVArgumentError = RedKV.RedKVArgumentError
export import RedKVErrorCode = RedKV.RedKVErrorCode
export import RedKVErrorDetails = RedKV.RedKVErrorDetails
export import RedKVOutcome = RedKV.RedKVOutcome
export import SetOptions = RedKV.SetOptions
export import SQLiteOptions = RedKV.SQLiteOptions
export import Store = RedKV.Store
export import StoreName = RedKV.StoreName
export import StoreNameWithRequiredOptions = RedKV.StoreNameWithRequiredOptions
export import StoreOptions = RedKV.StoreOptions
export import TierOptions = RedKV.TierOptions
export import Value = RedKV.Value
