package simulation

import "github.com/userops/userops/functions/redrive"

// A version that has no such function is driven without this file.
func init() { constructors["redrive"] = redrive.New }
