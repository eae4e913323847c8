package campaign

import (
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Compiled is a saved campaign that is ready to be asked. It is safe for concurrent use.
type Compiled struct {
	Definition
	Version   int
	Condition Condition
	// profiles says that the campaign is for those who have left a segment which asks what may not be asked of who refuses profiling.
	profiles bool
}

// Compile makes a campaign ready. The segments are those that its condition may refer to, and set is made of them. A condition that does not stand is
// fault.Faults with their places in the campaign.
func (d Definition) Compile(version int, segments []segment.Definition, set *segment.Set) (Compiled, error) {
	c := Compiled{Definition: d, Version: version}
	if left := d.Trigger.ExitedSegment; left != "" {
		c.profiles = left.Derived() || set.Profiles(left)
	}
	var err error
	c.Condition, err = d.CompileCondition(segments)
	return c, err
}

// Wants is the definition's, and never of who refuses profiling where it would be for having been classed once.
func (c Compiled) Wants(p *profile.Profile) bool {
	return c.Definition.Wants(p) && !(c.profiles && p.RefusesProfiling())
}
