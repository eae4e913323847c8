// Package dynamodb is a strict, durable and fast stand-in for Amazon DynamoDB: an http.Handler over an engine that keeps
// its tables in one file, for running and testing a program on one machine with an unchanged AWS client.
//
// It speaks the JSON 1.0 protocol of DynamoDB and DynamoDB Streams, checks requests as the service does and answers with the
// service's error codes and messages, and counts capacity units by the service's rounding rules. It is not a cluster: there
// is one process, reads are always consistent, throughput is never limited, and PartiQL, backups, global tables, imports,
// exports and the pre-2014 request parameters answer with an error that says they are not implemented.
//
// The surprising thing: every write passes one group commit. Writes that wait at the same moment are judged one after the
// other and logged as one record of a journal beside the file, and a transaction that meets another write of the same item in
// its group is cancelled with TransactionConflict, as may happen on the service. A write is answered only after it is logged, so
// it survives the death of the process; surviving a power cut takes an fsync, which happens every Options.SyncEvery and on Close. A power
// cut between two of them costs what was written since the first, and nothing older: the file is whole as of its last commit.
package dynamodb
