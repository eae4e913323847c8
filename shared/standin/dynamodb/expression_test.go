package dynamodb

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const sampleItem = `{"pk":{"S":"k"},"str":{"S":"hello"},"n":{"N":"10"},"tags":{"SS":["x","y"]},"nums":{"NS":["1","2"]},"l":{"L":[{"S":"q"},{"N":"5"}]},
"m":{"M":{"a":{"N":"1"},"deep":{"M":{"z":{"S":"zz"}}}}},"yes":{"BOOL":true},"nil":{"NULL":true},"bin":{"B":"AAEC"},"bins":{"BS":["AAEC"]}}`

var sampleValues = map[string]string{
	":five": `{"N":"5"}`, ":ten": `{"N":"10"}`, ":eleven": `{"N":"11"}`, ":one": `{"N":"1"}`, ":two": `{"N":"2"}`, ":three": `{"N":"3"}`,
	":ell": `{"S":"ell"}`, ":he": `{"S":"he"}`, ":x": `{"S":"x"}`, ":q": `{"S":"q"}`, ":hello": `{"S":"hello"}`, ":zz": `{"S":"zz"}`,
	":tN": `{"S":"N"}`, ":tBOOL": `{"S":"BOOL"}`, ":true": `{"BOOL":true}`, ":list": `{"L":[{"S":"q"},{"N":"5"}]}`,
	":bin": `{"B":"AAE="}`, ":wholebin": `{"B":"AAEC"}`, ":set": `{"SS":["y","x"]}`,
	":v": `{"S":"new"}`, ":n": `{"N":"3"}`, ":l": `{"L":[{"S":"z"}]}`, ":s": `{"SS":["y","w"]}`, ":m": `{"M":{"k":{"S":"v"}}}`, ":ns": `{"NS":["3"]}`,
}

var valueNames = regexp.MustCompile(`:[a-zA-Z]+`)

// usedValues is the ExpressionAttributeValues member with those of the sample values that an expression names.
func usedValues(expression string) string {
	used := map[string]json.RawMessage{}
	for _, name := range valueNames.FindAllString(expression, -1) {
		if v, ok := sampleValues[name]; ok {
			used[name] = json.RawMessage(v)
		}
	}
	if len(used) == 0 {
		return ""
	}
	text, _ := json.Marshal(used)
	return `,"ExpressionAttributeValues":` + string(text)
}

func TestConditions(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", sampleItem)
	for expression, want := range map[string]bool{
		"str = :hello":                          true,
		"str = :he":                             false,
		"str <> :he":                            true,
		"str <> :hello":                         false,
		"absent = :he":                          false,
		"absent <> :he":                         true,
		"absent < :five":                        false,
		"NOT absent = :he":                      true,
		"n = :ten":                              true,
		"n < :eleven":                           true,
		"n < :ten":                              false,
		"n <= :ten":                             true,
		"n > :ten":                              false,
		"n >= :ten":                             true,
		"n > :five":                             true,
		"n > :he":                               false,
		":five < n":                             true,
		"n BETWEEN :five AND :ten":              true,
		"n between :ten and :eleven":            true,
		"n BETWEEN :eleven AND :eleven":         false,
		"n IN (:five, :ten)":                    true,
		"n IN (:five)":                          false,
		"absent IN (:five)":                     false,
		"yes = :true":                           true,
		"l = :list":                             true,
		"tags = :set":                           true,
		"attribute_exists(m.a)":                 true,
		"attribute_exists(m.b)":                 false,
		"attribute_exists(m.deep.z)":            true,
		"attribute_exists(l[1])":                true,
		"attribute_exists(l[2])":                false,
		"attribute_exists(str.a)":               false,
		"attribute_exists(m[0])":                false,
		"attribute_not_exists(absent)":          true,
		"attribute_not_exists(pk)":              false,
		"attribute_type(n, :tN)":                true,
		"attribute_type(yes, :tBOOL)":           true,
		"attribute_type(str, :tN)":              false,
		"attribute_type(absent, :tN)":           false,
		"begins_with(str, :he)":                 true,
		"begins_with(str, :ell)":                false,
		"begins_with(bin, :bin)":                true,
		"begins_with(n, :he)":                   false,
		"contains(str, :ell)":                   true,
		"contains(str, :five)":                  false,
		"contains(tags, :x)":                    true,
		"contains(tags, :q)":                    false,
		"contains(nums, :two)":                  true,
		"contains(nums, :five)":                 false,
		"contains(bins, :wholebin)":             true,
		"contains(l, :five)":                    true,
		"contains(l, :ten)":                     false,
		"contains(m, :ten)":                     false,
		"size(str) = :five":                     true,
		"size(tags) = :two":                     true,
		"size(l) = :two":                        true,
		"size(m) = :two":                        true,
		"size(bin) = :three":                    true,
		"size(n) = :two":                        false,
		"size(absent) > :one":                   false,
		"size(str) > size(l)":                   true,
		"m.deep.z = :zz":                        true,
		"l[1] = :five":                          true,
		"n = :five OR n = :ten":                 true,
		"n = :five AND n = :ten":                false,
		"n = :ten OR n = :five AND str = :he":   true,
		"(n = :ten OR n = :five) AND str = :he": false,
		"NOT n = :five AND str = :hello":        true,
		"NOT (n = :ten AND str = :hello)":       false,
		"NOT NOT n = :ten":                      true,
	} {
		t.Run(expression, func(t *testing.T) {
			want := map[bool]string{true: `{}`, false: "!ConditionalCheckFailedException: The conditional request failed"}[want]
			body := fmt.Sprintf(`{"TableName":"tab","Item":%s,"ConditionExpression":%q%s}`, sampleItem, expression, usedValues(expression))
			exchangeCase{"PutItem", body, want}.run(t, e)
		})
	}
}

func TestConditionsOnAbsentItem(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	runAll(t, e, []exchangeCase{
		{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}`, "!ConditionalCheckFailedException"},
		{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_not_exists(pk)"}`, `{}`},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)","UpdateExpression":"REMOVE x"}`, "!ConditionalCheckFailedException"},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, `{}`},
	})
}

func TestBadConditions(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	for _, c := range []struct{ name, expression, want string }{
		{"empty", "", "The expression can not be empty;"},
		{"blank", "  ", "The expression can not be empty;"},
		{"reserved word", "status = :five", "Attribute name is a reserved keyword; reserved keyword: status"},
		{"reserved word in a path", "m.name = :five", "Attribute name is a reserved keyword; reserved keyword: name"},
		{"undefined value", "a = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"},
		{"undefined name", "#nope = :five", "An expression attribute name used in the document path is not defined; attribute name: #nope"},
		{"two operators", "a = = :five", `Syntax error; token: "=", near: "= = :five"`},
		{"no right side", "a =", `Syntax error; token: "<EOF>", near: "="`},
		{"no operator", "a", `Syntax error; token: "<EOF>", near: "a"`},
		{"value alone", ":five", `Syntax error; token: "<EOF>", near: ":five"`},
		{"unknown sign", "a ! :five", `Syntax error; token: "!", near: "a !"`},
		{"unclosed parenthesis", "(a = :five", `Syntax error; token: "<EOF>", near: ":five"`},
		{"trailing word", "a = :five b", `Syntax error; token: "b", near: ":five b"`},
		{"keyword as operand", "a = AND", `Syntax error; token: "AND", near: "= AND"`},
		{"unknown function", "nope(a)", "Invalid function name; function: nope"},
		{"function of updates", "if_not_exists(a, :five)", "The function is not allowed in a condition expression; function: if_not_exists"},
		{"size alone", "size(a)", "The function is not allowed to be used this way in an expression; function: size"},
		{"function compared", "attribute_exists(a) = :true", "The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"function as operand", "a = contains(b, :five)", "The function is not allowed to be used this way in an expression; function: contains"},
		{"too few operands", "begins_with(a)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"},
		{"too many operands", "attribute_exists(a, b)", "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2"},
		{"value for a path", "attribute_exists(:five)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"unknown type", "attribute_type(a, :he)", "Invalid attribute type name found; type: he, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
		{"type of a wrong type", "attribute_type(a, :five)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
		{"prefix of a wrong type", "begins_with(a, :five)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"order of a type without", "a < :true", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
		{"between of a type without", "a BETWEEN :list AND :list", "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: L"},
		{"size of a number", "size(:five) = :five", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"equal operands", "a = a", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"},
		{"redundant parentheses", "((a = :five))", "The expression has redundant parentheses;"},
		{"bounds in the wrong order", "a BETWEEN :ten AND :five", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}"},
		{"bounds of two types", "a BETWEEN :five AND :he", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:he}"},
		{"index that is no number", "a[x] = :five", `Syntax error; token: "x", near: "[x]"`},
		{"lonely placeholder sign", "a = :", `Syntax error; token: ":", near: "= :"`},
		{"too long", "a = :five" + strings.Repeat(" ", 4088), "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{"nested too deeply", strings.Repeat("NOT ", 200) + "a = :five", "The expression is nested too deeply"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"TableName":"tab","Item":{"pk":{"S":"k"}},"ConditionExpression":%q%s}`, c.expression, usedValues(c.expression))
			exchangeCase{"PutItem", body, "!ValidationException: Invalid ConditionExpression: " + c.want}.run(t, e)
		})
	}
	many := func(n int) string {
		values := strings.Repeat(",:five", n)[1:]
		return fmt.Sprintf(`{"TableName":"tab","Item":{"pk":{"S":"k"}},"ConditionExpression":"NOT a IN (%s)","ExpressionAttributeValues":{":five":{"N":"5"}}}`, values)
	}
	runAll(t, e, []exchangeCase{
		{"PutItem", many(100), `{}`},
		{"PutItem", many(101), "!ValidationException: Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: IN, number of operands: 101"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"}},"ConditionExpression":"a <> :five` + strings.Repeat(" ", 4086) + `","ExpressionAttributeValues":{":five":{"N":"5"}}}`, `{}`},
	})
}

func TestPlaceholders(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	put := func(rest string) string { return `{"TableName":"tab","Item":{"pk":{"S":"k"}},` + rest + `}` }
	runAll(t, e, []exchangeCase{
		{"PutItem", put(`"ConditionExpression":"#s <> :v","ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":v":{"N":"1"}}`), `{}`},
		{"PutItem", put(`"ConditionExpression":"#s <> :v AND #s <> :v","ExpressionAttributeNames":{"#s":"a.b"},"ExpressionAttributeValues":{":v":{"N":"1"}}`), `{}`},
		{"PutItem", put(`"ConditionExpression":"a <> :v","ExpressionAttributeValues":{":v":{"N":"1"},":w":{"N":"1"}}`),
			"!ValidationException: Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"},
		{"PutItem", put(`"ConditionExpression":"a <> :v","ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":v":{"N":"1"}}`),
			"!ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: {#s}"},
		{"PutItem", put(`"ExpressionAttributeValues":{":v":{"N":"1"}}`), "!ValidationException: ExpressionAttributeValues can only be specified when using expressions"},
		{"PutItem", put(`"ExpressionAttributeNames":{"#v":"a"}`), "!ValidationException: ExpressionAttributeNames can only be specified when using expressions"},
		{"PutItem", put(`"ConditionExpression":"attribute_not_exists(zz)","ExpressionAttributeValues":{}`), "!ValidationException: ExpressionAttributeValues must not be empty"},
		{"PutItem", put(`"ConditionExpression":"attribute_not_exists(zz)","ExpressionAttributeNames":{}`), "!ValidationException: ExpressionAttributeNames must not be empty"},
		{"PutItem", put(`"ConditionExpression":"a <> :v","ExpressionAttributeValues":{"v":{"N":"1"}}`), `!ValidationException: ExpressionAttributeValues contains invalid key: Syntax error; key: "v"`},
		{"PutItem", put(`"ConditionExpression":"a <> :v","ExpressionAttributeNames":{"#a-b":"x"}`), `!ValidationException: ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"`},
		{"PutItem", put(`"ConditionExpression":"a <> :v","ExpressionAttributeValues":{":v":{"N":"x"}}`),
			"!ValidationException: ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :v"},
	})
}

func TestUpdates(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	for _, c := range []struct{ expression, attr, want string }{
		{"SET str = :v", "str", `{"S":"new"}`},
		{"set str = :v", "str", `{"S":"new"}`},
		{"SET added = :m", "added", `{"M":{"k":{"S":"v"}}}`},
		{"SET str = n", "str", `{"N":"10"}`},
		{"SET n = n + :n", "n", `{"N":"13"}`},
		{"SET n = n - :n", "n", `{"N":"7"}`},
		{"SET n = :n - n", "n", `{"N":"-7"}`},
		{"SET n = (n + :n)", "n", `{"N":"13"}`},
		{"SET n = if_not_exists(n, :n)", "n", `{"N":"10"}`},
		{"SET c = if_not_exists(c, :n) + :n", "c", `{"N":"6"}`},
		{"SET l = list_append(l, :l)", "l", `{"L":[{"S":"q"},{"N":"5"},{"S":"z"}]}`},
		{"SET l = list_append(:l, l)", "l", `{"L":[{"S":"z"},{"S":"q"},{"N":"5"}]}`},
		{"SET l2 = list_append(if_not_exists(l2, :l), :l)", "l2", `{"L":[{"S":"z"},{"S":"z"}]}`},
		{"SET l[0] = :v", "l", `{"L":[{"S":"new"},{"N":"5"}]}`},
		{"SET l[7] = :v", "l", `{"L":[{"S":"q"},{"N":"5"},{"S":"new"}]}`},
		{"SET l[9] = :v, l[5] = :n", "l", `{"L":[{"S":"q"},{"N":"5"},{"N":"3"},{"S":"new"}]}`},
		{"SET m.a = :v", "m", `{"M":{"a":{"S":"new"},"deep":{"M":{"z":{"S":"zz"}}}}}`},
		{"SET m.deep.y = :n", "m", `{"M":{"a":{"N":"1"},"deep":{"M":{"y":{"N":"3"},"z":{"S":"zz"}}}}}`},
		{"REMOVE m.deep", "m", `{"M":{"a":{"N":"1"}}}`},
		{"REMOVE m.nope", "m", `{"M":{"a":{"N":"1"},"deep":{"M":{"z":{"S":"zz"}}}}}`},
		{"REMOVE l[0], l[1]", "l", `{"L":[]}`},
		{"REMOVE l[0] SET l[1] = :v", "l", `{"L":[{"S":"new"}]}`},
		{"REMOVE l[5]", "l", `{"L":[{"S":"q"},{"N":"5"}]}`},
		{"REMOVE str", "str", ``},
		{"REMOVE nope", "nope", ``},
		{"ADD n :n", "n", `{"N":"13"}`},
		{"ADD c :n", "c", `{"N":"3"}`},
		{"ADD m.a :n", "m", `{"M":{"a":{"N":"4"},"deep":{"M":{"z":{"S":"zz"}}}}}`},
		{"ADD tags :s", "tags", `{"SS":["w","x","y"]}`},
		{"ADD another :s", "another", `{"SS":["w","y"]}`},
		{"ADD nums :ns", "nums", `{"NS":["1","2","3"]}`},
		{"DELETE tags :s", "tags", `{"SS":["x"]}`},
		{"DELETE tags :set", "tags", ``},
		{"DELETE nope :set", "nope", ``},
		{"SET a = str REMOVE str", "a", `{"S":"hello"}`},
		{"SET str = n, n = str", "n", `{"S":"hello"}`},
	} {
		t.Run(c.expression, func(t *testing.T) {
			put(t, e, "tab", sampleItem)
			exchangeCase{"UpdateItem", fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":%q%s}`, c.expression, usedValues(c.expression)), `{}`}.run(t, e)
			want := `{"Item":{}}`
			if c.want != "" {
				want = fmt.Sprintf(`{"Item":{%q:%s}}`, c.attr, c.want)
			}
			exchangeCase{"GetItem", fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"k"}},"ProjectionExpression":%q}`, c.attr), want}.run(t, e)
		})
	}
}

func TestBadUpdates(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S g:N", "gsi another:N ALL"))
	put(t, e, "tab", strings.Replace(sampleItem, `"pk":{"S":"k"}`, `"pk":{"S":"k"},"g":{"N":"1"}`, 1))
	const syntax = "Invalid UpdateExpression: "
	for _, c := range []struct{ name, expression, want string }{
		{"empty", "", syntax + "The expression can not be empty;"},
		{"no section", "a = :five", syntax + `Syntax error; token: "a", near: "a ="`},
		{"two sections of a kind", "SET a = :five SET b = :five", syntax + `The "SET" section can only be used once in an update expression;`},
		{"comma at the end", "SET a = :five,", syntax + `Syntax error; token: "<EOF>", near: ","`},
		{"overlapping paths", "SET a = :five, a.b = :five", syntax + "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"},
		{"equal paths", "SET a = :five REMOVE a", syntax + "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},
		{"conflicting paths", "SET a.b = :five, a[1] = :five", syntax + "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"},
		{"reserved word", "SET status = :five", syntax + "Attribute name is a reserved keyword; reserved keyword: status"},
		{"hash key", "SET pk = :he", "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"},
		{"sort key", "REMOVE g", "One or more parameter values were invalid: Cannot update attribute g. This attribute is part of the key"},
		{"ADD of a string", "ADD a :he", syntax + "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
		{"DELETE of a number", "DELETE a :five", syntax + "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
		{"ADD to a string", "ADD str :five", "An operand in the update expression has an incorrect data type"},
		{"ADD of another set", "ADD nums :set", "An operand in the update expression has an incorrect data type"},
		{"DELETE from a number", "DELETE n :set", "An operand in the update expression has an incorrect data type"},
		{"sum of a string attribute", "SET a = str + :five", "An operand in the update expression has an incorrect data type"},
		{"sum of a string value", "SET a = :he + :five", syntax + "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"list of a string", "SET a = list_append(l, :he)", syntax + "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"},
		{"list of a string attribute", "SET a = list_append(str, l)", "An operand in the update expression has an incorrect data type"},
		{"absent attribute", "SET a = nope", "The provided expression refers to an attribute that does not exist in the item"},
		{"absent parent", "SET nope.b = :five", "The document path provided in the update expression is invalid for update"},
		{"parent that is no map", "SET str.b = :five", "The document path provided in the update expression is invalid for update"},
		{"parent that is no list", "SET m[0] = :five", "The document path provided in the update expression is invalid for update"},
		{"removing below an absent parent", "REMOVE nope.b", "The document path provided in the update expression is invalid for update"},
		{"unknown function", "SET a = nope(b)", syntax + "Invalid function name; function: nope"},
		{"function of conditions", "SET a = size(b)", syntax + "The function is not allowed in an update expression; function: size"},
		{"value for a path", "SET a = if_not_exists(:five, :five)", syntax + "Operator or function requires a document path; operator or function: if_not_exists"},
		{"one operand", "SET a = list_append(l)", syntax + "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1"},
		{"three summands", "SET a = n + :five + :five", syntax + `Syntax error; token: "+", near: ":five + :five"`},
		{"key of an index", "SET another = :he", "One or more parameter values were invalid: The update expression attempted to update the secondary index key to unsupported type. IndexName: gsi, IndexKey: another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"k"},"g":{"N":"1"}},"UpdateExpression":%q%s}`, c.expression, usedValues(c.expression))
			exchangeCase{"UpdateItem", body, "!ValidationException: " + c.want}.run(t, e)
		})
	}
}

func TestProjections(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", sampleItem)
	for _, c := range []struct{ expression, want string }{
		{"pk, n", `{"Item":{"pk":{"S":"k"},"n":{"N":"10"}}}`},
		{"m.a", `{"Item":{"m":{"M":{"a":{"N":"1"}}}}}`},
		{"m.a, m.deep.z", `{"Item":{"m":{"M":{"a":{"N":"1"},"deep":{"M":{"z":{"S":"zz"}}}}}}}`},
		{"l[1]", `{"Item":{"l":{"L":[{"N":"5"}]}}}`},
		{"l[1], l[0]", `{"Item":{"l":{"L":[{"S":"q"},{"N":"5"}]}}}`},
		{"l[7], m.nope, str.x, nope", `{"Item":{}}`},
		{"a, a", "!ValidationException: Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},
		{"m.a, m", "!ValidationException: Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]"},
		{"name", "!ValidationException: Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name"},
		{"a b", `!ValidationException: Invalid ProjectionExpression: Syntax error; token: "b", near: "a b"`},
		{"", "!ValidationException: Invalid ProjectionExpression: The expression can not be empty;"},
		{"a" + strings.Repeat(".a", 32), "!ValidationException: Invalid ProjectionExpression: The document path has too many nesting elements; nesting levels: 33"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			exchangeCase{"GetItem", fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"k"}},"ProjectionExpression":%q}`, c.expression), c.want}.run(t, e)
		})
	}
}

func TestReservedWords(t *testing.T) {
	if len(reservedWords) != 573 {
		t.Errorf("%d reserved words, the service lists 573", len(reservedWords))
	}
	for word, want := range map[string]bool{"status": true, "NAME": true, "Ttl": true, "zone": true, "pk": false, "state": true, "points": false, "timestamp": true, "determinisTIC": true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": false} {
		if reserved(word) != want {
			t.Errorf("reserved(%q) is %v", word, !want)
		}
	}
}
