package campaign

import (
	"errors"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// conditionID is the id under which a condition is compiled beside the segments that it may ask.
const conditionID segment.ID = "the-condition"

// Condition is a compiled condition. The zero Condition holds for everybody. It is safe for concurrent use.
type Condition struct{ set *segment.Set }

// CompileCondition makes the campaign's condition ready to be asked. The segments are those that it may refer to; faults have
// their place in the campaign.
func (d Definition) CompileCondition(segments []segment.Definition) (Condition, error) {
	if len(d.Condition) == 0 {
		return Condition{}, nil
	}
	own := segment.Definition{ID: conditionID, Rule: d.Condition}
	// Most conditions refer to no segment, and then asking them does not mean asking all segments.
	set, faults := segment.Compile([]segment.Definition{own})
	if len(faults) == 0 {
		return Condition{set.Guessing(conditionID, "")}, nil
	}
	if err := segment.Stands(own, segments); err != nil {
		return Condition{}, inCampaign(err)
	}
	together := []segment.Definition{own}
	for _, s := range segments {
		if s.ID != conditionID {
			together = append(together, s)
		}
	}
	set, _ = segment.Compile(together)
	return Condition{set.Guessing(conditionID, "")}, nil
}

// Holds asks the condition of a profile.
func (c Condition) Holds(p *profile.Profile, now time.Time, shop profile.Shop) bool {
	return c.set == nil || c.set.Members(p, now, shop)[conditionID]
}

// conditionFaults are those that find finds in the condition, the segment.Definition of a rule.
func (d Definition) conditionFaults(find func(segment.Definition) fault.Faults) fault.Faults {
	if len(d.Condition) == 0 {
		return nil
	}
	return moved(find(segment.Definition{ID: conditionID, Rule: d.Condition}))
}

// inCampaign moves faults from a segment's rule to a campaign's condition.
func inCampaign(err error) error {
	var f fault.Faults
	if !errors.As(err, &f) {
		return err
	}
	return moved(f)
}

func moved(f fault.Faults) fault.Faults {
	moved := make(fault.Faults, len(f))
	for i, one := range f {
		moved[i] = fault.Fault{Field: "condition" + strings.TrimPrefix(one.Field, "rule"), Reason: one.Reason}
	}
	return moved
}
