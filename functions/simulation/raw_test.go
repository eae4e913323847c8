package simulation

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// item is one of a table, as the wire has it.
type item map[string]map[string]any

func (i item) text(name string) string {
	s, _ := i[name]["S"].(string)
	return s
}

func (i item) number(name string) int64 {
	s, _ := i[name]["N"].(string)
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func (i item) has(name string) bool { return i[name] != nil }

// size is about what an item weighs.
func (i item) size() int {
	n := 0
	for name, v := range i {
		n += len(name)
		for kind, x := range v {
			if s, ok := x.(string); ok {
				if kind == "B" {
					n += len(s) * 3 / 4
				} else {
					n += len(s)
				}
			} else {
				text, _ := json.Marshal(x)
				n += len(text)
			}
		}
	}
	return n
}

// scan reads a table straight from the stand-in, all attributes of it if none is named.
func (w *world) scan(table string, attributes ...string) []item {
	var all []item
	in := map[string]any{"TableName": table, "ConsistentRead": true}
	if len(attributes) > 0 {
		in["ProjectionExpression"] = strings.Join(attributes, ", ")
	}
	for {
		body, _ := json.Marshal(in)
		answer := serve(w.db, "DynamoDB_20120810.Scan", body)
		var out struct {
			Items            []item
			LastEvaluatedKey map[string]any
		}
		check(json.Unmarshal(answer.body, &out))
		all = append(all, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return all
		}
		in["ExclusiveStartKey"] = out.LastEvaluatedKey
	}
}

// table is the name of a table of the template.
func (w *world) table(logical string) string {
	for _, t := range w.template.Tables {
		if t.LogicalID == logical {
			return t.Name
		}
	}
	return ""
}

func escape(s string) string { return strings.ReplaceAll(url.PathEscape(s), "+", "%2B") }
