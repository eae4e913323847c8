package dynamodb

import "strings"

// request holds the parameters of one item operation, of one table's part of a batch, or of one action of a transaction.
type request struct {
	table, index                           string
	key, item                              item
	hasKey, hasItem                        bool
	condition, update, projection          string
	filter, keyCondition                   string
	hasCondition, hasUpdate, hasProjection bool
	hasFilter, hasKeyCondition             bool
	subs                                   substitutions
	returnValues, returnOnFailure          string
	returnCapacity, returnCollection       string
	selects, token                         string
	consistent, backward                   bool
	limit, segment, segments               int
	hasLimit, hasSegment, hasSegments      bool
	start                                  item
	hasStart                               bool
	actions                                []action      // TransactItems
	tables                                 []tableAction // RequestItems
	legacy                                 string        // a pre-2014 parameter that was given
}

// action is one element of TransactItems, or of a BatchWriteItem's list.
type action struct {
	verb string // Put, Update, Delete, ConditionCheck, Get
	request
}

// tableAction is one table's part of a batch.
type tableAction struct {
	table  string
	writes []action
	keys   []item
	request
}

// maxBatchWrites is how many writes a BatchWriteItem holds at most.
const maxBatchWrites = 25

func parseRequest(body []byte) (*request, error) {
	s := &scanner{b: body}
	r := &request{}
	r.parse(s)
	if s.err == nil && s.space() != 0 {
		s.fail("Unexpected character in the request body at offset %d", s.i)
	}
	return r, s.err
}

func (r *request) parse(s *scanner) {
	s.begin('{')
	for s.more('}') {
		name := s.key()
		if s.null() {
			continue
		}
		switch string(name) {
		case "TableName":
			r.table = tableName(string(s.text()))
		case "IndexName":
			r.index = string(s.text())
		case "Key":
			r.key, r.hasKey = parseItem(s), true
		case "Item":
			r.item, r.hasItem = parseItem(s), true
		case "ConditionExpression":
			r.condition, r.hasCondition = string(s.text()), true
		case "UpdateExpression":
			r.update, r.hasUpdate = string(s.text()), true
		case "ProjectionExpression":
			r.projection, r.hasProjection = string(s.text()), true
		case "FilterExpression":
			r.filter, r.hasFilter = string(s.text()), true
		case "KeyConditionExpression":
			r.keyCondition, r.hasKeyCondition = string(s.text()), true
		case "ExpressionAttributeNames":
			r.subs.parseNames(s)
		case "ExpressionAttributeValues":
			r.subs.parseValues(s)
		case "ReturnValues":
			r.returnValues = string(s.text())
		case "ReturnValuesOnConditionCheckFailure":
			r.returnOnFailure = string(s.text())
		case "ReturnConsumedCapacity":
			r.returnCapacity = string(s.text())
		case "ReturnItemCollectionMetrics":
			r.returnCollection = string(s.text())
		case "Select":
			r.selects = string(s.text())
		case "ClientRequestToken":
			r.token = string(s.text())
		case "ConsistentRead":
			r.consistent = s.bool()
		case "ScanIndexForward":
			r.backward = !s.bool()
		case "Limit":
			r.limit, r.hasLimit = s.integer(), true
		case "Segment":
			r.segment, r.hasSegment = s.integer(), true
		case "TotalSegments":
			r.segments, r.hasSegments = s.integer(), true
		case "ExclusiveStartKey":
			r.start, r.hasStart = parseItem(s), true
		case "TransactItems":
			r.parseActions(s)
		case "RequestItems":
			r.parseTables(s)
		case "Expected", "AttributeUpdates", "ConditionalOperator", "KeyConditions", "QueryFilter", "ScanFilter", "AttributesToGet":
			r.legacy = string(name)
			s.skip(0)
		default:
			s.skip(0)
		}
	}
}

// tableName takes the name out of a table's ARN.
func tableName(s string) string {
	if strings.HasPrefix(s, "arn:") {
		if _, name, ok := strings.Cut(s, ":table/"); ok {
			return name
		}
	}
	return s
}

func (u *substitutions) parseNames(s *scanner) {
	u.named = true
	s.begin('{')
	for s.more('}') {
		key := string(s.key())
		u.names = append(u.names, nameSubstitution{key: key, name: string(s.text())})
	}
}

func (u *substitutions) parseValues(s *scanner) {
	u.valued = true
	s.begin('{')
	for s.more('}') {
		key := string(s.key())
		v := parseValue(s, make([]byte, 0, 32), 0)
		if f, ok := s.err.(*fault); ok && f.code() == "ValidationException" {
			s.err = invalid("ExpressionAttributeValues contains invalid value: %s for key %s", f.message, key)
		}
		u.values = append(u.values, valueSubstitution{key: key, value: v})
	}
}

func (r *request) parseActions(s *scanner) {
	r.actions = make([]action, 0, 4)
	s.begin('[')
	for s.more(']') {
		r.actions = append(r.actions, parseAction(s))
	}
}

// parseAction reads {"Put":{...}}; more than one verb gives the verb "?".
func parseAction(s *scanner) action {
	var a action
	s.begin('{')
	for s.more('}') {
		name := string(s.key())
		if s.null() {
			continue
		}
		if a.verb != "" {
			a.verb = "?"
			s.skip(0)
			continue
		}
		a.verb = name
		a.parse(s)
	}
	return a
}

func (r *request) parseTables(s *scanner) {
	r.tables = []tableAction{}
	s.begin('{')
	for s.more('}') {
		t := tableAction{table: tableName(string(s.key()))}
		switch s.space() {
		case '[':
			s.begin('[')
			t.writes = make([]action, 0, maxBatchWrites)
			for s.more(']') {
				t.writes = append(t.writes, parseAction(s))
			}
		default:
			t.parseKeys(s)
		}
		r.tables = append(r.tables, t)
	}
}

func (t *tableAction) parseKeys(s *scanner) {
	s.begin('{')
	for s.more('}') {
		name := s.key()
		if s.null() {
			continue
		}
		switch string(name) {
		case "Keys":
			t.keys = []item{}
			s.begin('[')
			for s.more(']') {
				t.keys = append(t.keys, parseItem(s))
			}
		case "ProjectionExpression":
			t.projection, t.hasProjection = string(s.text()), true
		case "ExpressionAttributeNames":
			t.subs.parseNames(s)
		case "ConsistentRead":
			t.consistent = s.bool()
		case "AttributesToGet":
			t.legacy = string(name)
			s.skip(0)
		default:
			s.skip(0)
		}
	}
}

func (r *request) paths() ([]path, error) {
	if !r.hasProjection {
		return nil, nil
	}
	return parseProjection(r.projection, &r.subs)
}

// check judges what does not need the table.
func (r *request) check() error {
	if r.legacy != "" {
		return notImplemented("The legacy parameter " + r.legacy)
	}
	if err := oneOf("returnConsumedCapacity", r.returnCapacity, "INDEXES", "TOTAL", "NONE"); err != nil {
		return err
	}
	if err := oneOf("returnItemCollectionMetrics", r.returnCollection, "SIZE", "NONE"); err != nil {
		return err
	}
	if err := oneOf("returnValuesOnConditionCheckFailure", r.returnOnFailure, "ALL_OLD", "NONE"); err != nil {
		return err
	}
	return r.subs.check(r.hasCondition || r.hasUpdate || r.hasProjection || r.hasFilter || r.hasKeyCondition)
}

func oneOf(member, value string, allowed ...string) error {
	if value == "" {
		return nil
	}
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return constraint(value, member, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
}

func checkTableName(name string) error {
	if name == "" {
		return invalid("1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null")
	}
	return checkName("tableName", name)
}

func checkName(member, name string) error {
	switch {
	case len(name) < 3:
		return constraint(name, member, "Member must have length greater than or equal to 3")
	case len(name) > 255:
		return constraint(name, member, "Member must have length less than or equal to 255")
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !wordByte(c) && c != '-' && c != '.' {
			return constraint(name, member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
		}
	}
	return nil
}
