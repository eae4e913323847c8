package due_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestAClockThatIsBehind lowers no floor: what was done stays done, and the next look begins where the last one ended.
func TestAClockThatIsBehind(t *testing.T) {
	d := newDuty(t)
	floor := func() (minute string) {
		d.DB.(*dynamotest.DB).Each(t, "Due", func(i map[string]types.AttributeValue) {
			if i["pk"].(*types.AttributeValueMemberS).Value == "settlement#floor" {
				minute = i["minute"].(*types.AttributeValueMemberN).Value
			}
		})
		return minute
	}
	d.look(t, "settlement", nil)
	first := floor()
	d.now = d.now.Add(-30 * time.Minute)
	d.look(t, "settlement", nil)
	if got := floor(); got != first || first == "" {
		t.Errorf("the floor was %s and is %s", first, got)
	}
	d.now = d.now.Add(time.Hour)
	d.look(t, "settlement", nil)
	if got := floor(); got <= first {
		t.Errorf("the floor was %s and is %s", first, got)
	}
}
