package format

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// origin is where a field comes from: the first of the columns in which something stands, or else a text that is the same in every line.
type origin struct {
	columns []string
	text    string
}

// mapping says of each field where it comes from.
type mapping map[string]origin

// The fields that have a meaning of their own. Others are properties.<name> of an order and traits.<name> of a person.
var (
	personFields = []string{"userId", "anonymousId", "timestamp"}
	orderFields  = []string{"order_id", "total", "currency", "subtotal", "revenue", "shipping", "tax", "discount", "coupon", "store_id", "affiliation", "status",
		"paid_at", "refunded", "refunded_at", "cancelled_at", "email", "phone"}
	lineFields  = []string{"product_id", "sku", "name", "brand", "category", "variant", "price", "quantity", "line_total"}
	lineNames   = []string{"product_id", "sku", "name"} // one of them makes a product
	moneyFields = []string{"subtotal", "revenue", "shipping", "tax", "discount"}
)

// parseMapping reads field:column and field:=text, with commas between them. What holds a comma stands in quotes, as in a CSV.
func parseMapping(text string) (mapping, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New(`MAP says which column is what: MAP="order_id:Order No.,userId:Customer,total:Paid,timestamp:Date,currency:=CNY" (docs/import.md)`)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	r.LazyQuotes = true
	pairs, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("MAP cannot be read: %w", err)
	}
	m := mapping{}
	var faults []string
	for _, pair := range pairs {
		field, from, ok := strings.Cut(strings.TrimSpace(pair), ":")
		field, from = strings.TrimSpace(field), strings.TrimSpace(from)
		_, twice := m[field]
		switch {
		case pair == "":
		case !ok || field == "" || from == "" || from == "=":
			faults = append(faults, fmt.Sprintf("%q is neither field:column nor field:=text", pair))
		case twice:
			faults = append(faults, field+" stands twice")
		case strings.HasPrefix(from, "="):
			m[field] = origin{text: strings.TrimSpace(from[1:])}
		default:
			m[field] = origin{columns: []string{from}}
		}
	}
	if len(faults) == 0 {
		faults = m.faults()
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("MAP: %s", strings.Join(faults, "; "))
	}
	return m, nil
}

// orders tells whether the lines are of orders; otherwise they are of people.
func (m mapping) orders() bool {
	_, has := m["order_id"]
	return has
}

// has tells whether any of the fields comes from somewhere.
func (m mapping) has(fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { _, is := m[f]; return is })
}

// faults are the fields that are unknown or lacking.
func (m mapping) faults() (faults []string) {
	if !m.has("userId", "anonymousId") {
		faults = append(faults, "userId (or anonymousId) is missing: whose the line is")
	}
	if !m.orders() {
		if m.has("total", "status", "product_id", "sku", "refunded") {
			faults = append(faults, "order_id is missing: an order's lines are known by it")
		} else if len(m) < 2 {
			faults = append(faults, "no trait is named, such as email:Column")
		}
		return faults
	}
	if !m.has("timestamp") {
		faults = append(faults, "timestamp is missing: when it was ordered")
	}
	if !m.has("total", "line_total", "price") {
		faults = append(faults, "total is missing (or line_total, or price): what it came to")
	}
	for _, field := range slices.Sorted(maps.Keys(m)) {
		_, property := strings.CutPrefix(field, "properties.")
		_, trait := strings.CutPrefix(field, "traits.")
		if !property && !trait && !slices.Contains(slices.Concat(personFields, orderFields, lineFields), field) {
			faults = append(faults, fmt.Sprintf("there is no field %s: an order has %s; its lines %s; other columns are properties.<name>, traits.<name>", field,
				strings.Join(slices.Concat(personFields, orderFields), ", "), strings.Join(lineFields, ", ")))
		}
	}
	return faults
}
