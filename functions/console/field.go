package console

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/httpapi"
)

// fieldShown is a field that rules can ask, as operators are shown it.
type fieldShown struct {
	rule.Field
	// UnitLabel is the unit in the language that was asked for.
	UnitLabel string       `json:"unitLabel,omitempty"`
	Values    []valueShown `json:"values,omitempty"`
}

// valueShown is a known value. Count is how many profiles have it by the last finished run; absent where no run counts it, or too few people have it to say.
type valueShown struct {
	rule.Value
	Count *int `json:"count,omitempty"`
}

// fieldsShown is the answer to GET /v1/fields, all fields at once.
type fieldsShown struct {
	Lang     rule.Language  `json:"lang"`
	Currency money.Currency `json:"currency"` // of the fields whose unit is money
	// Decimals is how many decimals the currency has: by ten to their power minor units are divided.
	Decimals int          `json:"decimals"`
	Counted  *counted     `json:"counted,omitempty"`
	Items    []fieldShown `json:"items"`
}

// counted says which run the counts are of; absent while there is none.
type counted struct {
	RunID string     `json:"runId"`
	AsOf  score.Date `json:"asOf"`
	At    time.Time  `json:"finishedAt"`
}

// languageOf is the language that the parameter lang asks for, the first of several without it. It answers the request where there is none such.
func languageOf[T ~string](w http.ResponseWriter, r *http.Request, several []T) (language T, ok bool) {
	asked := r.URL.Query()["lang"]
	if len(asked) == 0 {
		return several[0], true
	}
	if language = T(asked[0]); len(asked) > 1 || !slices.Contains(several, language) {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "lang", Reason: unless(several)})
		return language, false
	}
	return language, true
}

// fields shows what rules can ask, in the language of the parameter lang, English without it.
func (p *Process) fields(w http.ResponseWriter, r *http.Request) {
	language, ok := languageOf(w, r, rule.Languages())
	if !ok {
		return
	}
	// A run of a past day tells how things were.
	runs, err := p.finished(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	last := lastMoved(runs)
	var known map[string][]score.Valued
	if last != nil {
		if known, err = p.Runs.Values(r.Context(), *last); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
	}
	answer := fieldsShown{Lang: language, Currency: p.Shop.Currency, Decimals: p.Shop.Currency.Exponent()}
	if last != nil {
		answer.Counted = &counted{RunID: last.ID, AsOf: last.AsOf, At: last.FinishedAt}
	}
	for _, f := range rule.Fields(language) {
		shown := fieldShown{Field: f, UnitLabel: rule.UnitLabel(f.Unit, language, string(p.Shop.Currency))}
		shown.Values = valuesOf(f, last, known[f.Name])
		answer.Items = append(answer.Items, shown)
	}
	httpapi.JSON(w, http.StatusOK, answer)
}

// valuesOf are the values that a field can have, and of one that can have any those that people have.
func valuesOf(f rule.Field, last *score.Run, known []score.Valued) (all []valueShown) {
	for _, v := range f.Values {
		shown := valueShown{Value: v, Count: countOf(last, f.Name, v.Value)}
		if i := slices.IndexFunc(known, func(k score.Valued) bool { return k.Value == v.Value }); i >= 0 && shown.Count == nil {
			shown.Count = &known[i].Count
		}
		all = append(all, shown)
	}
	if len(f.Values) == 0 {
		for i := range known {
			all = append(all, valueShown{Value: rule.Value{Value: known[i].Value, Label: known[i].Value}, Count: &known[i].Count})
		}
	}
	return all
}

// countOf is how many profiles a run has found with a value of a field: it counts classes alone.
func countOf(run *score.Run, field, value string) *int {
	if run == nil || !score.ID(fmt.Sprintf("%s:%s", field, value)).Exists() {
		return nil
	}
	n := run.Findings.Counts[field][value]
	return &n
}
