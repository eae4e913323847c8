package console

import (
	"net/http"

	"github.com/userops/userops/shared/domain/outreach/library"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/httpapi"
)

// ready is a text of the library, as the beginning of a template: what a PUT of it takes.
type ready struct {
	ID       string              `json:"id"`
	Trigger  string              `json:"trigger"`
	Name     string              `json:"name"`
	Template template.Definition `json:"template"`
}

// library lists the texts, each with the language that is asked for as its default one.
func (p *Process) library(w http.ResponseWriter, r *http.Request) {
	language, ok := languageOf(w, r, library.Languages())
	if !ok {
		return
	}
	answer := struct {
		Lang  string  `json:"lang"`
		Items []ready `json:"items"`
	}{Lang: language, Items: []ready{}}
	for _, t := range library.Texts() {
		answer.Items = append(answer.Items, ready{t.ID, t.Trigger, t.Name[language], t.Definition(language)})
	}
	httpapi.JSON(w, http.StatusOK, answer)
}
