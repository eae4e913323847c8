package rule

import "strings"

// unlisted are fields whose values no list shows: what tells who somebody is or where exactly they live, and what they or a page wrote freely.
var unlisted = map[string]bool{"userId": true, "postalCode": true, "email.domain": true, "search.last": true, "touch.first.referrer": true, "touch.last.referrer": true}

// listed are the fields of which a run counts the values that people have: texts, and the two lists that a shop makes itself. What is concluded of somebody is not among them, and costs more.
var listed = func() (all []*field) {
	for i := range registry {
		f := &registry[i]
		if (f.kind == Text || f.name == "tags" || f.name == "groups") && !f.profiles() && !strings.Contains(f.name, "<") && !unlisted[f.name] {
			all = append(all, f)
		}
	}
	return all
}()

// Values calls each with every value that the person has of the fields whose values are counted.
func (s *Subject) Values(each func(field, value string)) {
	for _, f := range listed {
		held, ok := f.read(s, "")
		switch {
		case !ok:
		case held.kind == Text:
			each(f.name, held.text)
		default:
			for _, one := range held.list {
				each(f.name, one)
			}
		}
	}
}
