package functiontest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
)

func TestAQueueFailsAsTold(t *testing.T) {
	for _, c := range []struct {
		nth  int
		how  dynamotest.How
		fail int // the send that answers an error
		kept string
	}{{0, "", 0, "[1 2 3]"}, {2, dynamotest.NotPersisted, 2, "[1 3]"}, {2, dynamotest.Persisted, 2, "[1 2 3]"}, {3, dynamotest.NotPersisted, 3, "[1 2]"}} {
		var q functiontest.Queue
		q.Fail(c.nth, c.how)
		for n := 1; n <= 3; n++ {
			if err := q.Send(t.Context(), n); errors.Is(err, dynamotest.ErrInjected) != (n == c.fail) {
				t.Errorf("%d %s: send %d answers %v", c.nth, c.how, n, err)
			}
		}
		if kept := fmt.Sprint(q.Bodies()); kept != c.kept || q.Sends() != 3 {
			t.Errorf("%d %s: %s kept of %d sends, want %s", c.nth, c.how, kept, q.Sends(), c.kept)
		}
	}
}
