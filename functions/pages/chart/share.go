package chart

// Part is a figure as it stands in a drawing of shares: what it is of, how it is written, and its share, from 0 to 1.
type Part struct {
	Label, Text string
	Share       float64
}

const (
	// step is the height of a step of a funnel with its name above it, and bar that of its bar.
	step, bar = 46, 20
	// line is the height of a row of a triangle, and name the width of what it is called.
	line, name = 22, 110
)

// Steps draws a funnel: a bar for each step, as long as its share of the first, with its name and its figure above it.
func Steps(id, title, says string, parts []Part) Drawing {
	d := Drawing{ID: id, Title: title, Says: says, Tall: max(len(parts), 1) * step}
	for i, p := range parts {
		y := float64(i * step)
		d.Words = append(d.Words, Word{X: 0, Y: y + 16, Text: p.Label + " " + p.Text})
		d.Fields = append(d.Fields, Field{X: 0, Y: y + 22, Width: round(max(1, width*within(p.Share))), Height: bar, Level: 9, Label: p.Label + ": " + p.Text})
	}
	return d
}

// Cohort is a row of a triangle: who began together, and what share of them came back after each period.
type Cohort struct {
	Label string
	Parts []Part
}

// Triangle draws cohorts, a row each, and a field for each period after, the darker the more of them came back.
func Triangle(id, title, says string, cohorts []Cohort) Drawing {
	most := 1
	for _, c := range cohorts {
		most = max(most, len(c.Parts))
	}
	d := Drawing{ID: id, Title: title, Says: says, Tall: max(len(cohorts), 1) * line}
	each := float64(width-name) / float64(most)
	for i, c := range cohorts {
		y := float64(i * line)
		d.Words = append(d.Words, Word{X: 0, Y: y + 15, Text: c.Label})
		for n, p := range c.Parts {
			x := name + each*float64(n)
			level := int(within(p.Share)*9 + 0.5)
			d.Fields = append(d.Fields, Field{X: round(x), Y: y, Width: round(each - 1), Height: line - 1, Level: level, Label: p.Label})
			if p.Text != "" && each >= narrow {
				d.Words = append(d.Words, Word{X: round(x + 4), Y: y + 15, Text: p.Text, Deep: level > 4})
			}
		}
	}
	return d
}

// narrow is how wide a field is at least in which a share is written.
const narrow = 44

func within(share float64) float64 { return min(max(share, 0), 1) }
