package projection

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/dynamo/deadletter"
)

// TestWhyAJobFailedForTheLastTime is told of a job that comes no more, and of no other.
func TestWhyAJobFailedForTheLastTime(t *testing.T) {
	for receives, want := range map[string]int{"9": 0, "10": 1} {
		s := newShop(t)
		p := s.worker()
		p.Witness = deadletter.Witness{DB: s.DB, Table: "DeadLetters", Queue: "events", Now: s.Now}
		deliver(t, p, events.SQSMessage{Body: "{", Attributes: map[string]string{"ApproximateReceiveCount": receives}}, scenario(t)[1])
		n := 0
		s.DB.Each(t, "DeadLetters", func(i map[string]types.AttributeValue) {
			if n++; i["pk"].(*types.AttributeValueMemberS).Value != "w#events#record-0" || !strings.HasPrefix(i["text"].(*types.AttributeValueMemberS).Value, "reading the job: ") {
				t.Errorf("told is %v", i)
			}
		})
		if n != want {
			t.Errorf("received %s times: told of %d jobs, want %d", receives, n, want)
		}
	}
}
