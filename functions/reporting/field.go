package reporting

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/insight/fold"
)

// personalRoots are what a field begins with that is of a person: a question by it tells of people, and not of what they did.
var personalRoots = []string{"traits.", "context.ip", "context.traits.", "context.device.id", "context.device.advertisingId", "context.device.token", "context.location."}

// personalWords are what a field is called, at whatever depth, that says who somebody is wherever it stands: in the properties of a form that was sent in, too. They are in lower case, without what parts words.
// The longer ones say so too behind others, as in contact_phone.
var personalWords = []string{
	"email", "mail", "phone", "phonenumber", "mobile", "tel", "telephone", "firstname", "lastname", "fullname", "realname", "nickname", "username", "userid", "anonymousid", "openid", "unionid",
	"birthday", "birthdate", "dateofbirth", "address", "address1", "address2", "street", "postalcode", "zipcode", "latitude", "longitude", "idcard", "token", "password",
}

// ofAPerson tells whether a field is below one of the roots, or has one below itself, or is called as only what is somebody's is.
func ofAPerson(field string) bool {
	return slices.ContainsFunc(personalRoots, func(root string) bool { return strings.HasPrefix(field, root) || strings.HasPrefix(root, field+".") }) ||
		slices.ContainsFunc(strings.Split(field, "."), func(word string) bool {
			word = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(word))
			return slices.ContainsFunc(personalWords, func(is string) bool { return word == is || len(is) >= leastEnding && strings.HasSuffix(word, is) })
		})
}

// leastEnding is how long a word is that says so behind others.
const leastEnding = 5

// personal are the fields by which a definition tells people apart, sorted.
func personal(definition []byte) []string { return fieldsOf(definition, ofAPerson) }

// common are the fields of which people who are masked are shown the values as well, or that say nothing but what was sold, for what, and by what way somebody came: many people have each value.
var common = func() map[string]bool {
	all := map[string]bool{}
	for _, field := range strings.Fields(`source trust
		properties.currency properties.total properties.revenue properties.subtotal properties.shipping properties.tax properties.discount properties.value properties.list_id properties.position
		context.campaign.source context.campaign.medium context.campaign.name context.campaign.term context.campaign.content context.device.type context.device.manufacturer context.device.model
		context.os.name context.os.version context.app.name context.app.version context.app.build context.library.name context.library.version context.locale context.timezone`) {
		all[field] = true
	}
	for _, of := range []string{"properties.", "properties.products."} {
		for _, field := range []string{"product_id", "sku", "category", "brand", "variant", "price", "quantity"} {
			all[of+field] = true
		}
	}
	return all
}()

// defaultPage is what the pages of sessions are known by where a definition says nothing.
const defaultPage = "context.page.path"

// hidden are the fields of which a list of the people behind a cell tells values that masks hide of each of them: a search, a coupon, an order's number.
func hidden(definition []byte, cell fold.Cell) []string {
	all := fieldsOf(definition, func(field string) bool { return !common[field] })
	if cell.Page == "" {
		return all
	}
	var of struct {
		Page string `json:"page"`
	}
	_ = json.Unmarshal(definition, &of) // it is canonical
	all = append(all, cmp.Or(of.Page, defaultPage))
	slices.Sort(all)
	return slices.Compact(all)
}

// fieldsOf are the fields that a definition asks of events, those that are wanted, sorted.
func fieldsOf(definition []byte, wanted func(field string) bool) (all []string) {
	var loose any
	if json.Unmarshal(definition, &loose) != nil {
		return nil
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				field, is := inner.(string)
				if is && (name == "field" || name == "split" || name == "page") && wanted(field) {
					all = append(all, field)
				}
				look(inner)
			}
		case []any:
			for _, inner := range v {
				look(inner)
			}
		}
	}
	look(loose)
	slices.Sort(all)
	return slices.Compact(all)
}
