package form

import (
	"strconv"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// Trouble is a fault as it stands above the form, with where it is mended.
type Trouble struct {
	ID    string // of the element to go to
	Place string // "Variants › gift › Weight"
	Said  string
}

// Troubles are the faults of all fields, in the sequence of the form. Those of no field are Refused's.
func (f *Form) Troubles(p Page) []Trouble {
	t := troubling{page: &page{p, f.shop}}
	t.node(f.Root, "")
	return t.all
}

// troubling notes what is wrong.
type troubling struct {
	*page
	all []Trouble
}

func (t *troubling) node(n *Node, place string) {
	for _, said := range (view{n, t.page, false}).Faulty() {
		t.all = append(t.all, Trouble{n.Name, place, said})
	}
	if n.Rule != nil {
		n.Rule.walk(func(r *Rule) {
			for _, said := range (ruleView{r, t.page, 0}).Faulty() {
				at := place
				if r.Kind == Condition {
					at = under(place, ruleView{r, t.page, 0}.FieldLabel())
				}
				t.all = append(t.all, Trouble{r.Name + "~rule", at, said})
			}
		})
	}
	for i, part := range n.Parts {
		name := part.Field.Label.In(t.Language)
		if n.Field.Type != schema.Object {
			if name = own(part); name == "" {
				name = "#" + strconv.Itoa(i+1)
			}
		}
		t.node(part, under(place, name))
	}
}
