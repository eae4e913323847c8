package dispatch

import (
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/liquid"
)

// mostFavourites is how many categories and brands a template may say.
const mostFavourites = 10

// known is what a template may say of the person's orders, cart and favourites: what is proven, since anybody can put a product into somebody's cart and choose its name. Who refuses profiling has no favourites.
func (j *judged) known() liquid.Known {
	p, here := j.person, j.Shop.Currency
	k := liquid.Known{Orders: liquid.Orders{Count: p.Orders.Count, Total: money.In(here, p.Orders.Revenue()), FirstAt: p.Orders.FirstAt(), LastAt: p.Orders.LastAt()}}
	for _, id := range p.CartLines() {
		line := p.Cart[id]
		k.Cart = append(k.Cart, liquid.Line{ProductID: id, Name: line.Name, Quantity: int64(line.Quantity), Price: money.Amount{Minor: line.Price, Currency: here}})
	}
	if !p.RefusesProfiling() {
		k.Categories, k.Brands = p.Categories.Favourites(j.Now()), p.Brands.Favourites(j.Now())
		k.Categories, k.Brands = k.Categories[:min(len(k.Categories), mostFavourites)], k.Brands[:min(len(k.Brands), mostFavourites)]
	}
	return k
}
