// Package runcomfyriver runs the requests of a generated client as jobs of River
// (github.com/riverqueue/river), in a database that outlives the process: SQLite for
// the processes of one machine, Postgres for many. The DSN alone decides which.
//
//	engine, err := runcomfyriver.Open(ctx, "file:jobs.db", runcomfyriver.Config{})
//	...
//	_, err = engine.Insert(ctx, "order 4711", &runcomfy.SomeModelInput{Prompt: "A fox in the snow."})
//	...
//	err = engine.Run(ctx) // works until ctx ends
//
// A request has a key of the caller's. One key is charged at most once, whatever
// dies in between: the intent is written to the journal, a table of the same
// database, before the request is sent; a request whose sender died in the middle
// of sending becomes ambiguous and waits for a person (SettleAccepted,
// SettleNotAccepted), and is never sent again by itself. Requests and journal stay
// when River has long deleted its job.
//
// Requests wait in line until one of the account's places is free (Config.InFlight),
// which all processes share, as they share the budget of reads (Config.ReadRate). Then
// one River job per request submits it and reads its state in the pace of the client, by
// snoozing: no goroutine, connection or transaction is held while a model runs.
//
// No transaction may be open across a call of an Engine's methods other than those
// whose names end in Tx: with SQLite there is one connection.
package runcomfyriver
