package answers_test

import (
	"errors"
	"testing"
	"time"

	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/idempotency"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestAnAnswerIsGivenOnce(t *testing.T) {
	a := answers.Store{DB: dynamotest.New(t), Table: "Catalog"}
	answer := idempotency.Answer{Scope: "runs", Key: "k", Request: "hash", Status: 202, Body: []byte("first"), At: noon}
	remember := func(at time.Time, text string) error {
		one := answer
		one.At, one.Body = at, []byte(text)
		return a.Remember(t.Context(), one)
	}
	if err := remember(noon, "first"); err != nil {
		t.Fatal(err)
	}
	if err := remember(noon.Add(idempotency.Life-time.Second), "second"); !errors.Is(err, idempotency.ErrAnswered) {
		t.Errorf("answered a second time: %v", err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon); err != nil || !found || string(got.Body) != "first" || got.Status != 202 || got.Request != "hash" {
		t.Errorf("the answer is %+v, %v", got, err)
	}
	if err := remember(noon.Add(idempotency.Life), "anew"); err != nil {
		t.Errorf("after its life: %v", err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon.Add(idempotency.Life)); err != nil || !found || string(got.Body) != "anew" {
		t.Errorf("the answer is %+v, %v", got, err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon.Add(2*idempotency.Life)); err != nil || found {
		t.Errorf("after its life: %+v, %v", got, err)
	}
}
