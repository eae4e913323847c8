package sam

import (
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"
)

func (d *document) readResources() {
	for _, e := range d.entries(d.stated, "Resources") {
		if !logicalID.MatchString(e.key.Value) {
			d.fail(e.key, fmt.Sprintf("%q is no logical id", e.key.Value), "use letters and digits only")
		}
		s := d.section(e.value, "resource "+e.key.Value)
		at, written := s.left["Type"]
		r := &resource{id: e.key.Value, kind: s.text("Type", ""), line: e.key.Line, properties: s.take("Properties")}
		condition := s.take("Condition")
		s.ignore("DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy")
		s.done()
		if r.kind == "" {
			d.fail(e.key, fmt.Sprintf("resource %s has no Type", r.id), "give it one")
		}
		if written && !knownType(r.kind) {
			d.fail(at.value, fmt.Sprintf("resource %s is of type %s, which is not known here", r.id, r.kind), "check the spelling, or leave it out")
		}
		if condition != nil {
			r.absent = !d.condition(condition, condition.Value)
		}
		if r.properties == nil {
			r.properties = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: r.line}
		}
		r.properties = d.mergeGlobals(r.kind, r.properties)
		d.resources[r.id] = r
		d.order = append(d.order, r)
	}
}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]+$`)
