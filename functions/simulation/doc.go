// Package simulation drives all functions at once, over the AWS SDK's own clients and the stand-ins of package local, in one
// process and in virtual time, under faults that one seed decides: see docs/adr/0016. It is made of tests only:
//
//	sim_test.go        flags, a process per seed, build/sim.json
//	world_test.go      one simulated deployment: tables, queues, clock, instances of functions
//	adapter_test.go    how a function is made; the only file that names the functions' packages
//	wire_test.go       what lies between the SDK and the stand-ins: latency, faults, crashes, what is counted
//	replica_test.go    stale reads
//	fault_test.go      the table of faults and their rates
//	lambda_test.go     invocations: time-outs, crashes, warm memory
//	mapping_test.go    event source mappings, redelivery, duplicates, dead letters
//	schedule_test.go   schedules: skipped, late, twice
//	provider_test.go   e-mail and webhook providers
//	client_test.go     a shop's client, which repeats what was not answered
//	traffic*_test.go   what shops, people and operators do, by the seed; traffic_attack_test.go, what somebody does who speaks for others
//	patience_test.go   reports that wait for days for their order
//	shrink_test.go     replays that drop what a broken promise does not need
//	load_test.go       what partitions are asked for in a second
//	canary_test.go     the search for texts of who was erased, in all bytes
//	damage_test.go     profiles that nobody can read
//	model_test.go      the judge's own account of what was accepted
//	vault_test.go      secrets that change, come late, or cannot be read
//	consent_test.go    what was said of consent, and what dispatch had seen of it; traffic_consent_test.go says what it is for
//	invariant*_test.go the table of invariants and their checks
//
// To add an invariant, add a row to invariants in invariant_test.go. To add traffic, add a row to scenes in traffic_test.go, or to attacks. To add a
// fault, add a row to faults in fault_test.go and ask for it where it strikes. To plant a fault, add a row to a table under
// testdata/mutants; shared/local/cmd/sim says what a row has. Nothing here may use the real clock, the global
// random numbers or a map's order to decide anything: chance is drawn from the seed by chance().
//
// The surprising thing: virtual time moves only while every goroutine waits, and every call waits for a time that is a hash of the seed,
// the operation, its key and the attempt. So the seed alone decides in which order the effects of concurrent workers happen.
package simulation
