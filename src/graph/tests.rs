//! What must hold of any graph, and a few graphs by hand.

use proptest::prelude::*;

use super::{Graph, Why};

fn graph(count: usize, edges: &[(u32, u32)]) -> Graph {
    Graph::build(count, edges.iter().map(|(a, b)| (*a, *b, Why::Written)))
}

#[test]
fn an_order_is_the_files_order_wherever_the_edges_allow_it() {
    assert_eq!(graph(5, &[(4, 0), (2, 1)]).order(), Ok(vec![2, 1, 3, 4, 0]));
    assert_eq!(graph(3, &[]).order(), Ok(vec![0, 1, 2]));
    assert_eq!(graph(0, &[]).order(), Ok(vec![]));
}

#[test]
fn the_strongest_reason_of_a_pair_is_kept_and_a_stranger_left_out() {
    let g = Graph::build(
        2,
        [(0, 1, Why::After), (0, 1, Why::Reference), (0, 1, Why::Sequence), (7, 0, Why::Written)],
    );
    assert_eq!(g.needs(1).collect::<Vec<_>>(), [(0, Why::Reference)]);
    assert_eq!(g.needs(0).count(), 0);
    assert_eq!(g.followers(0).collect::<Vec<_>>(), [1]);
}

#[test]
fn needs_and_followers_come_smallest_first() {
    let g = graph(6, &[(3, 5), (1, 5), (4, 5), (0, 4), (0, 2), (0, 3)]);
    assert_eq!(g.needs(5).map(|n| n.0).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(g.followers(0).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn layers_stand_one_below_the_deepest_need() {
    let layers = graph(5, &[(0, 1), (1, 2), (0, 3)]).layers().expect("no cycle");
    assert_eq!(layers, [vec![0, 4], vec![1, 3], vec![2]]);
}

#[test]
fn the_shortest_of_several_cycles_is_shown_from_its_smallest_node() {
    let g = graph(8, &[(0, 1), (1, 2), (2, 3), (3, 0), (6, 5), (5, 6), (6, 7), (2, 5)]);
    assert_eq!(g.order().expect_err("a cycle").path, [5, 6, 5]);
    assert_eq!(graph(2, &[(0, 1), (1, 1)]).order().expect_err("a cycle").path, [1, 1]);
}

#[test]
fn one_ring_of_ten_thousand_is_found_whole() {
    let g = graph(10_000, &(0..10_000).map(|n| (n, (n + 1) % 10_000)).collect::<Vec<_>>());
    assert_eq!(g.order().expect_err("a cycle").path.len(), 10_001);
}

#[test]
fn ten_thousand_nodes_and_fifty_thousand_edges_are_ordered_at_once() {
    let edges: Vec<(u32, u32)> =
        (0..50_000u32).map(|i| (i % 9_999, i % 9_999 + 1 + (i * 7919) % (9_999 - i % 9_999))).collect();
    let before = std::time::Instant::now();
    let order = graph(10_000, &edges).order().expect("no cycle");
    assert_eq!(order.len(), 10_000);
    assert!(before.elapsed().as_millis() < 2_000, "took {:?}", before.elapsed());
}

proptest! {
    #[test]
    fn an_order_respects_every_edge_and_a_cycle_is_one(
        count in 1usize..40,
        raw in prop::collection::vec((0u32..40, 0u32..40), 0..80),
    ) {
        let edges: Vec<(u32, u32)> = raw.into_iter().map(|(a, b)| (a % count as u32, b % count as u32)).collect();
        match graph(count, &edges).order() {
            Ok(order) => {
                prop_assert_eq!(order.len(), count);
                let place = |n: u32| order.iter().position(|x| *x == n);
                for (a, b) in &edges {
                    prop_assert!(place(*a) < place(*b), "{} before {}", a, b);
                }
            }
            Err(cycle) => {
                prop_assert!(cycle.path.len() >= 2);
                prop_assert_eq!(cycle.path.first(), cycle.path.last());
                for pair in cycle.path.windows(2) {
                    prop_assert!(edges.contains(&(pair[0], pair[1])), "no edge {:?}", pair);
                }
            }
        }
    }

    #[test]
    fn edges_that_only_point_forward_never_make_a_cycle(
        raw in prop::collection::vec((0u32..60, 0u32..60), 0..200),
    ) {
        let edges: Vec<(u32, u32)> =
            raw.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let order = graph(60, &edges).order();
        prop_assert_eq!(order, Ok((0..60).collect::<Vec<u32>>()));
    }
}
