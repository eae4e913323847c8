package outreach

import "github.com/userops/userops/shared/dynamo"

// Deliveries stores what dispatch remembers: a contact record for each person, and decisions.
type Deliveries struct {
	DB      dynamo.API
	Table   string
	Results string // the table that counts decisions, for those who decide
	Now     dynamo.Clock
	// Together records decisions together with those of other workers; nil for each alone.
	Together *Group
}
