package score

// TagUse is how far the tags that people have are asked for: what nobody asks for is work that comes to nothing. The goal of the field is 80%.
type TagUse struct {
	// Tags is how many different ones people have, and Asked how many of them a segment or a running campaign asks for.
	Tags  int `json:"tags"`
	Asked int `json:"asked"`
	// Idle are those that nobody asks for, those that most people have first: at most 50, each of at least five people.
	Idle []Valued `json:"idle,omitempty"`
}

// tagsField is the field whose values are tags.
const tagsField = "tags"

// UseOfTags looks for the tags that people have among those that are asked for; nil where they were not counted, or are too many to be counted one by one.
func (v *Values) UseOfTags(asked map[string]bool) *TagUse {
	if v.Missing || v.Over[tagsField] {
		return nil
	}
	use, idle := &TagUse{Tags: len(v.Counts[tagsField])}, Counts{}
	for tag, people := range v.Counts[tagsField] {
		if asked[tag] {
			use.Asked++
			continue
		}
		idle.Add(tagsField, tag, people)
	}
	use.Idle = (&Values{Counts: idle}).Told()[tagsField]
	return use
}
