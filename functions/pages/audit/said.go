package audit

import (
	"slices"
	"strings"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// stops says that the line is of a stop that began or ended. The log has them as a document that was saved or deleted, which nobody did.
func (l line) stops() bool {
	return l.Kind == definition.Stop && (l.Action == string(audit.Save) || l.Action == string(audit.Delete))
}

// Thing is what was done it to, in the words of a language.
func (l line) Thing(lang text.Lang) string {
	if l.Kind != definition.Stop {
		return l.Of
	}
	if name, is := strings.CutPrefix(l.Of, "channel-"); is {
		return lang.Of("audit.scope.channel", lang.Word("channel", name))
	}
	if id, is := strings.CutPrefix(l.Of, "campaign-"); is {
		return lang.Of("audit.scope.campaign", id)
	}
	if l.Of == delivery.StopEverything {
		return lang.Of("audit.scope.everything")
	}
	return l.Of
}

// Did is what was done, in the words of a language.
func (l line) Did(lang text.Lang) string {
	switch {
	case !l.stops():
		return lang.Word("action", l.Action)
	case l.Action == string(audit.Delete):
		return lang.Of("audit.resumed", l.Thing(lang))
	}
	return lang.Of("audit.stopped", l.Thing(lang))
}

// Changed are the fields of the line as the forms call them. The scope of a stop is no change of it.
func (l line) Changed(lang text.Lang) (all []string) {
	language := view.Language(lang)
	for _, name := range l.Fields {
		if l.stops() && slices.Contains([]string{"id", "channel", "campaign"}, name) {
			continue
		}
		all = append(all, l.called(name, lang, language))
	}
	return all
}

// called is a field as the form of its kind, the rule builder or the search calls it; what has no name there stands as it is.
func (l line) called(name string, lang text.Lang, language rule.Language) string {
	switch {
	case l.stops() && name == "keepTransactional":
		return lang.Of("stop.keep")
	case l.Action == string(audit.Find):
		return lang.Word("find", name)
	}
	if form := schema.Of(l.Kind, l.Of); form != nil && l.Action != string(audit.Ask) {
		if part := form.Part(name); part != nil {
			return part.Label.In(language)
		}
	}
	if f, key, is := rule.Find(name, language); is {
		if key != "" {
			return f.Label + " " + key
		}
		return f.Label
	}
	return name
}
