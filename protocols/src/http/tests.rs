mod bodies;
mod damage;
mod fixtures;
mod heads;
mod rows;
mod units;
